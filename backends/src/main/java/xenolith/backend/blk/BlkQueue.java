package xenolith.backend.blk;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.function.Consumer;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.RequestRing;
import xenolith.backend.BackendThread;
import xenolith.backend.BrokenRingException;
import xenolith.backend.image.DiskImage;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// One ring of a connected disk and the thread that serves it, a request at a time, in the ring's order.
///
/// Requests of different queues are done side by side. A flush waits for all that was answered before it, by whichever
/// queue, which is what its sender can rely on.
final class BlkQueue {
    private static final Logger LOG = System.getLogger(BlkQueue.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /// Responses are published in batches: each event costs the guest an upcall, each delay keeps it waiting.
    private static final int BATCH = 8;

    private final DiskImage image;
    private final GrantAccess grants;
    private final EventPort port;
    private final RequestRing ring;
    private final GrantedPages pages;
    private final Consumer<String> onFault;
    private final BackendThread thread;
    private final BlkRequest request = new BlkRequest();
    private final Iovec pieces = new Iovec(BlkRequest.MAX_SEGMENTS);
    private final MemorySegment response = Arena.ofAuto().allocate(Blkif.Response.SIZEOF, Long.BYTES);
    private boolean broken;

    /// A queue over what its frontend has granted and made; nothing happens until [#start].
    ///
    /// @param grants the queue's own, which [#stop] closes, as it does the port
    BlkQueue(String name, DiskImage image, GrantAccess grants, RequestRing ring, EventPort port, boolean persistent,
            Consumer<String> onFault) {
        this.image = image;
        this.grants = grants;
        this.ring = ring;
        this.port = port;
        this.pages = new GrantedPages(grants, persistent);
        this.onFault = onFault;
        this.thread = new BackendThread(name, this::round, () -> false);
    }

    void start() {
        port.onNotification(thread::wake);
        thread.start();
    }

    /// Waits for the request in hand, then lets go of ring, pages and port. Requests not taken stay in the ring.
    void stop() {
        thread.stopAndWait(PATIENCE,
                () -> LOG.log(Level.WARNING, "a disk's storage is slow to answer; waiting for it"));
        port.close();
        grants.close();
    }

    private boolean round() {
        if (broken) {
            return false;
        }
        try {
            return serveWaiting();
        } catch (BrokenRingException e) {
            broken = true;
            onFault.accept(e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a fault of ours in a disk's queue", e);
            broken = true;
            onFault.accept("internal error: " + e);
        }
        return false;
    }

    /// Serves what waits, at most a ring's worth. Returns whether more came meanwhile.
    private boolean serveWaiting() throws BrokenRingException {
        int count = checked(ring.waiting());
        for (int i = 0; i < count && !thread.isStopping(); i++) {
            ring.take(request.copy(), 0);
            int status = serve();
            respond(status);
            if (i % BATCH == BATCH - 1) {
                publish();
            }
        }
        publish();
        return checked(ring.finalCheck()) > 0;
    }

    private static int checked(int waiting) throws BrokenRingException {
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the disk's ring cannot be true");
        }
        return waiting;
    }

    private void respond(int status) {
        Blkif.Response.id(response, 0, request.id());
        Blkif.Response.operation(response, 0, request.operation());
        Blkif.Response.status(response, 0, status);
        ring.put(response, 0);
    }

    private void publish() {
        if (ring.push()) {
            port.notifyGuest();
        }
    }

    /// Returns a `BLKIF_RSP_` number.
    private int serve() {
        int status = request.decode(grants);
        if (status != Blkif.BLKIF_RSP_OKAY) {
            return status;
        }
        return switch (request.operation()) {
            case Blkif.BLKIF_OP_READ -> transfer(false);
            case Blkif.BLKIF_OP_WRITE -> transfer(true);
            case Blkif.BLKIF_OP_FLUSH_DISKCACHE -> flushAndWrite();
            case Blkif.BLKIF_OP_WRITE_BARRIER -> {
                int done = flushAndWrite();
                yield done == Blkif.BLKIF_RSP_OKAY ? status(image.flush()) : done;
            }
            case Blkif.BLKIF_OP_DISCARD -> discard();
            default -> throw new IllegalStateException("operation=" + request.operation() + " was let through");
        };
    }

    /// What was written before is on the storage before this is written: the queue does one request at a time.
    private int flushAndWrite() {
        int flushed = status(image.flush());
        return flushed != Blkif.BLKIF_RSP_OKAY || request.segmentCount() == 0 ? flushed : transfer(true);
    }

    private int discard() {
        if (image.isReadOnly() || !request.isWithin(image.sectorCount())) {
            return Blkif.BLKIF_RSP_ERROR;
        }
        if (!image.canDiscard() || request.isSecureDiscard()) {
            return Blkif.BLKIF_RSP_EOPNOTSUPP;
        }
        return request.byteLength() == 0 ? Blkif.BLKIF_RSP_OKAY
                : status(image.discard(request.byteOffset(), request.byteLength()));
    }

    private int transfer(boolean write) {
        if (write && image.isReadOnly() || !request.isWithin(image.sectorCount())) {
            return Blkif.BLKIF_RSP_ERROR;
        }
        pieces.clear();
        try {
            for (int i = 0; i < request.segmentCount(); i++) {
                MemorySegment page = pages.page(request.ref(i), !write);
                if (page == null) {
                    return Blkif.BLKIF_RSP_ERROR;
                }
                pieces.add(page, request.offsetInPage(i), request.lengthInPage(i));
            }
            return status(write ? image.write(pieces, request.byteOffset())
                    : image.read(pieces, request.byteOffset()));
        } finally {
            pages.release();
        }
    }

    private static int status(int errno) {
        if (errno == -Errno.EOPNOTSUPP) {
            return Blkif.BLKIF_RSP_EOPNOTSUPP;
        }
        return errno < 0 ? Blkif.BLKIF_RSP_ERROR : Blkif.BLKIF_RSP_OKAY;
    }
}
