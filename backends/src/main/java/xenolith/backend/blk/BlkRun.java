package xenolith.backend.blk;

import java.lang.foreign.MemorySegment;
import xenolith.abi.io.Blkif;
import xenolith.backend.blk.BlkCounters.Count;
import xenolith.backend.image.DiskImage;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.vmm.port.GrantAccess;

/// Requests that follow each other in the ring, of which those that read, or write, neighbouring ranges are done by one
/// call of the image: guests cut what they want into requests of a few pages, and each call costs.
///
/// They are taken, checked, done and answered in the ring's order. Reads, or writes, are together; whatever orders others
/// (a flush, a barrier) and a discard is a run by itself. For one thread; allocates nothing after it is made.
final class BlkRun {
    /// The most requests of a run.
    private static final int MOST = 32;
    /// A status that no response has: it is to be found out.
    private static final int OPEN = Integer.MIN_VALUE;

    private final DiskImage image;
    private final GrantedPages pages;
    private final BlkCounters counters;
    private final Iovec pieces = new Iovec(Iovec.MAX_PIECES);
    private final MemorySegment[] mapped = new MemorySegment[BlkRequest.MAX_SEGMENTS];
    private final BlkRequest[] requests = new BlkRequest[MOST];
    private final int[] statuses = new int[MOST];
    private int count;
    /// Requests that are not refused yet, the first of them, and where the last of them ends.
    private int openCount;
    private int firstOpen;
    private int pieceCount;
    private long end;

    BlkRun(DiskImage image, GrantAccess grants, boolean persistent, BlkCounters counters) {
        this.image = image;
        this.pages = new GrantedPages(grants, persistent, Iovec.MAX_PIECES);
        this.counters = counters;
        for (int i = 0; i < MOST; i++) {
            requests[i] = new BlkRequest();
        }
    }

    int count() {
        return count;
    }

    boolean isFull() {
        return count == MOST;
    }

    BlkRequest request(int i) {
        return requests[i];
    }

    /// The `BLKIF_RSP_` of a request, after [#perform].
    int status(int i) {
        return statuses[i];
    }

    /// Where the next request is to be copied to, before [#add].
    MemorySegment nextCopy() {
        return requests[count].copy();
    }

    /// Takes the request that was copied. Returns false if those before it have to be done first: after [#perform] and
    /// [#restart] it is the first of the next run.
    boolean add() {
        BlkRequest request = requests[count];
        int status = request.decode(pages);
        if (status == Blkif.BLKIF_RSP_OKAY) {
            status = check(request);
        }
        if (status == OPEN && openCount > 0 && !follows(request)) {
            return false;
        }
        admit(status);
        return true;
    }

    private void admit(int checked) {
        BlkRequest request = requests[count];
        int status = checked;
        if (status == OPEN && request.isPlainTransfer() && !append(request)) {
            status = Blkif.BLKIF_RSP_ERROR;
        }
        if (status == OPEN) {
            firstOpen = openCount++ == 0 ? count : firstOpen;
            pieceCount += request.segmentCount();
            end = request.byteOffset() + request.byteLength();
        }
        statuses[count++] = status;
    }

    /// What can be said of a request without doing it.
    private int check(BlkRequest request) {
        if (request.isOnlyOrder()) {
            return OPEN;
        }
        boolean possible = request.isWithin(image.sectorCount()) && request.isAligned(image.logicalSectorBytes())
                && (request.operation() == Blkif.BLKIF_OP_READ || !image.isReadOnly());
        return possible ? OPEN : Blkif.BLKIF_RSP_ERROR;
    }

    private boolean follows(BlkRequest request) {
        BlkRequest first = requests[firstOpen];
        return request.operation() == first.operation() && request.isPlainTransfer() && request.byteOffset() == end
                && pieceCount + request.segmentCount() <= Iovec.MAX_PIECES;
    }

    /// Maps all pages of a request, and then appends them. Returns false if one is not granted so.
    private boolean append(BlkRequest request) {
        boolean toGuest = request.operation() == Blkif.BLKIF_OP_READ;
        int before = pages.used();
        for (int i = 0; i < request.segmentCount(); i++) {
            mapped[i] = pages.page(request.ref(i), toGuest);
            if (mapped[i] == null) {
                pages.release(before);
                return false;
            }
        }
        for (int i = 0; i < request.segmentCount(); i++) {
            pieces.add(mapped[i], request.offsetInPage(i), request.lengthInPage(i));
        }
        return true;
    }

    /// Does what can be done, so that every request has its status, and lets go of the pages.
    void perform() {
        if (openCount > 0) {
            BlkRequest first = requests[firstOpen];
            int status = first.isPlainTransfer() ? move(first) : special(first);
            pages.release(0);
            settle(status);
        }
        pages.release(0);
        for (int i = 0; i < count; i++) {
            count(requests[i], statuses[i]);
        }
    }

    /// Where a call for several requests failed, each is tried by itself: one bad place on a disk fails one request.
    private void settle(int status) {
        boolean each = openCount > 1 && status != Blkif.BLKIF_RSP_OKAY;
        for (int i = firstOpen; i < count; i++) {
            if (statuses[i] == OPEN) {
                statuses[i] = each ? alone(requests[i]) : status;
            }
        }
    }

    private int alone(BlkRequest request) {
        pieces.clear();
        int status = append(request) ? move(request) : Blkif.BLKIF_RSP_ERROR;
        pages.release(0);
        return status;
    }

    /// Moves what was appended, from where the request begins.
    private int move(BlkRequest first) {
        counters.add(Count.TRANSFERS);
        return answer(first.operation() == Blkif.BLKIF_OP_READ ? image.read(pieces, first.byteOffset())
                : image.write(pieces, first.byteOffset()));
    }

    private int special(BlkRequest request) {
        return switch (request.operation()) {
            case Blkif.BLKIF_OP_FLUSH_DISKCACHE -> flushAndWrite(request);
            case Blkif.BLKIF_OP_WRITE_BARRIER -> {
                int done = flushAndWrite(request);
                yield done == Blkif.BLKIF_RSP_OKAY ? answer(image.flush()) : done;
            }
            case Blkif.BLKIF_OP_DISCARD -> discard(request);
            default -> throw new IllegalStateException("operation=" + request.operation() + " was let through");
        };
    }

    /// What was written before is on the storage before this is written: the queue does one run at a time.
    private int flushAndWrite(BlkRequest request) {
        int flushed = answer(image.flush());
        return flushed != Blkif.BLKIF_RSP_OKAY || request.segmentCount() == 0 ? flushed : alone(request);
    }

    private int discard(BlkRequest request) {
        if (!image.canDiscard() || request.isSecureDiscard()) {
            return Blkif.BLKIF_RSP_EOPNOTSUPP;
        }
        return request.byteLength() == 0 ? Blkif.BLKIF_RSP_OKAY
                : answer(image.discard(request.byteOffset(), request.byteLength()));
    }

    private static int answer(int errno) {
        if (errno == -Errno.EOPNOTSUPP) {
            return Blkif.BLKIF_RSP_EOPNOTSUPP;
        }
        return errno < 0 ? Blkif.BLKIF_RSP_ERROR : Blkif.BLKIF_RSP_OKAY;
    }

    private void count(BlkRequest request, int status) {
        if (status != Blkif.BLKIF_RSP_OKAY) {
            counters.add(Count.ERRORS);
            return;
        }
        switch (request.operation()) {
            case Blkif.BLKIF_OP_READ -> {
                counters.add(Count.READS);
                counters.add(Count.BYTES_READ, request.byteLength());
            }
            case Blkif.BLKIF_OP_WRITE -> {
                counters.add(Count.WRITES);
                counters.add(Count.BYTES_WRITTEN, request.byteLength());
            }
            case Blkif.BLKIF_OP_DISCARD -> counters.add(Count.DISCARDS);
            default -> counters.add(Count.FLUSHES);
        }
    }

    /// Begins a new run, with the request that the old one did not take, if `carry`.
    void restart(boolean carry) {
        int left = count;
        count = 0;
        openCount = 0;
        pieceCount = 0;
        pieces.clear();
        if (carry) {
            BlkRequest request = requests[left];
            requests[left] = requests[0];
            requests[0] = request;
            admit(OPEN);
        }
    }
}
