package xenolith.backend.blk;

import java.lang.foreign.MemorySegment;
import xenolith.abi.io.Blkif;
import xenolith.backend.blk.BlkCounters.Count;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.Transfer;
import xenolith.backend.image.TransferQueue;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// Requests that follow each other in the ring, of which those that read, or write, neighbouring ranges are done by one
/// transfer of the image: guests cut what they want into requests of a few pages, and each transfer costs.
///
/// Reads, or writes, are together; whatever orders others (a flush, a barrier) and a discard is a run by itself. A run of
/// the former may go on while others do. For one thread; allocates nothing after it is made.
final class BlkRun {
    /// The most requests of a run.
    static final int MOST = 32;
    /// The most pages of a run: one request may have as many. What is longer is cut, so that the host works at the one
    /// part while the other is fetched, or answered.
    private static final int MOST_PIECES = BlkRequest.MAX_SEGMENTS;

    private final DiskImage image;
    private final RunPages pages;
    private final BlkCounters counters;
    private final Transfer transfer;
    private final Iovec pieces;
    private final MemorySegment[] mapped = new MemorySegment[BlkRequest.MAX_SEGMENTS];
    private final BlkRequest[] requests = new BlkRequest[MOST];
    private int count;
    /// Requests that are not refused yet, the first of them, and where the last of them ends.
    private int openCount;
    private int firstOpen;
    private int pieceCount;
    private long end;

    /// @param number its transfer's
    BlkRun(int number, DiskImage image, GrantedPages granted, BlkCounters counters) {
        this.image = image;
        this.pages = new RunPages(granted, MOST_PIECES);
        this.counters = counters;
        this.transfer = new Transfer(number, MOST_PIECES);
        this.pieces = transfer.pieces();
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

    /// Takes a request that was decoded. Returns false if those before it have to be begun or done first, and another run
    /// is to take it: an empty one takes every request.
    boolean add(BlkRequest request) {
        if (request.isOpen() && !isPossible(request)) {
            request.answer(Blkif.BLKIF_RSP_ERROR);
        }
        if (request.isOpen() && openCount > 0 && !follows(request)) {
            return false;
        }
        if (request.isOpen() && request.isPlainTransfer() && !append(request)) {
            request.answer(Blkif.BLKIF_RSP_ERROR);
        }
        if (request.isOpen()) {
            firstOpen = openCount++ == 0 ? count : firstOpen;
            pieceCount += request.segmentCount();
            end = request.byteOffset() + request.byteLength();
        }
        requests[count++] = request;
        return true;
    }

    /// What can be said of a request without doing it.
    private boolean isPossible(BlkRequest request) {
        return request.isOnlyOrder() || request.isWithin(image.sectorCount()) && request.isAligned(image.logicalSectorBytes())
                && (request.operation() == Blkif.BLKIF_OP_READ || !image.isReadOnly());
    }

    private boolean follows(BlkRequest request) {
        BlkRequest first = requests[firstOpen];
        return request.operation() == first.operation() && request.isPlainTransfer() && request.byteOffset() == end
                && pieceCount + request.segmentCount() <= MOST_PIECES;
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

    /// Whether it has to wait for all that was taken before it.
    boolean isOrdered() {
        return openCount > 0 && !requests[firstOpen].isPlainTransfer();
    }

    /// Begins its transfer. Returns false if there is none, or the image begins none: then it is to be performed.
    boolean begin(TransferQueue queue) {
        if (openCount == 0 || isOrdered()) {
            return false;
        }
        transfer.prepare(requests[firstOpen].operation() == Blkif.BLKIF_OP_WRITE, requests[firstOpen].byteOffset());
        if (!image.begin(transfer, queue)) {
            return false;
        }
        counters.add(Count.TRANSFERS);
        counters.add(Count.SIDE_BY_SIDE);
        return true;
    }

    /// What was begun is over: each request gets its status, and the pages are let go of.
    void finish() {
        settle(answer(transfer.result()));
    }

    /// Does what can be done, and waits for it, so that every request has its status, and lets go of the pages.
    void perform() {
        if (openCount > 0) {
            BlkRequest first = requests[firstOpen];
            settle(first.isPlainTransfer() ? move(first) : special(first));
        } else {
            settle(Blkif.BLKIF_RSP_OKAY);
        }
    }

    /// Where a transfer for several requests failed, each is tried by itself: one bad place on a disk fails one request.
    private void settle(int status) {
        pages.release(0);
        boolean each = openCount > 1 && status != Blkif.BLKIF_RSP_OKAY;
        for (int i = 0; i < count; i++) {
            BlkRequest request = requests[i];
            if (request.isOpen()) {
                request.answer(each ? alone(request) : status);
            }
            count(request);
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

    /// What was written before is on the storage before this is written: the queue has waited for it.
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

    private void count(BlkRequest request) {
        if (request.status() != Blkif.BLKIF_RSP_OKAY) {
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

    /// Forgets its requests, which were answered.
    void clear() {
        count = 0;
        openCount = 0;
        pieceCount = 0;
        pieces.clear();
    }
}
