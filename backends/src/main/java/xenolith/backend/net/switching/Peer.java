package xenolith.backend.net.switching;

import java.util.concurrent.atomic.AtomicLong;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;

/// The connection to one other port. Its lock keeps it open while a frame is sent, which does not wait.
final class Peer {
    /// Some sixty of the biggest frames; what a user who is not root gets is at most `net.core.wmem_max`, twice.
    private static final int SEND_BUFFER_BYTES = 2 << 20;

    private final UnixSocket socket;
    private final int slot;
    private final AtomicLong dropped;
    private boolean closed;

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

    /// Sends a frame, or drops it.
    synchronized void send(Iovec frame) {
        if (closed || socket.send(frame) < 0) {
            dropped.incrementAndGet();
        }
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
