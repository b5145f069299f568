package xenolith.backend.net.switching;

import java.util.concurrent.atomic.AtomicLong;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;

/// The connection to one other port. Its lock keeps it open while a frame is sent, which does not wait.
final class Peer {
    /// Some sixty of the biggest frames; what a user who is not root gets is at most `net.core.wmem_max`, twice.
    private static final int SEND_BUFFER_BYTES = 2 << 20;

    private static final long PATIENCE_NS = 10_000_000;

    private final UnixSocket socket;
    private final int slot;
    private final AtomicLong dropped;
    private boolean closed;
    private boolean isFull;
    private long fullSinceNs;

    /// @param dropped counts what the peer had no room for
    Peer(UnixSocket socket, int slot, AtomicLong dropped) {
        this.socket = socket;
        this.slot = slot;
        this.dropped = dropped;
        socket.sendBufferBytes(SEND_BUFFER_BYTES);
    }

    int slot() {
        return slot;
    }

    /// Sends a frame, or drops it. Returns 0 if it is sent, -ENOBUFS if it is lost, or, where the sender may wait,
    /// -EAGAIN: there is no room, but has been a moment ago, so who sends slows down a little and nothing is lost.
    synchronized int send(Iovec frame, boolean mayWait) {
        long rc = closed ? -Errno.EPIPE : socket.send(frame);
        if (rc >= 0) {
            isFull = false;
            return 0;
        }
        if (rc == -Errno.EAGAIN && mayWait && isWorthWaiting(System.nanoTime())) {
            return -Errno.EAGAIN;
        }
        dropped.incrementAndGet();
        return -Errno.ENOBUFS;
    }

    private boolean isWorthWaiting(long nowNs) {
        if (!isFull) {
            isFull = true;
            fullSinceNs = nowNs;
        }
        return nowNs - fullSinceNs < PATIENCE_NS;
    }

    /// For the thread that also closes.
    long receive(Iovec into) {
        return socket.receive(into);
    }

    synchronized void close() {
        closed = true;
        socket.close();
    }
}
