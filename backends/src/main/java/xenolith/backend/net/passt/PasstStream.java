package xenolith.backend.net.passt;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import xenolith.backend.net.Checksums;
import xenolith.backend.net.FramePort;
import xenolith.backend.net.VnetHeader;
import xenolith.posix.Epoll;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;

/// Frames over one connection to a process. A frame that the socket takes only a part of waits here until it takes the
/// rest: the other side sees whole frames, or the end.
final class PasstStream {
    /// No longer frame goes either way: `ETH_MAX_MTU` of `<linux/if_ether.h>`, which passt holds frames to.
    static final int MAX_FRAME_BYTES = 65_535;
    private static final int LENGTH_BYTES = 4;
    private static final int ETHERNET_BYTES = 14;
    private static final int RECEIVE_BYTES = 1 << 18;
    private static final int SEND_BUFFER_BYTES = 2 << 20;
    private static final int MAX_READS = 8;
    private static final int ENDED = -Errno.EPIPE;
    private static final ValueLayout.OfInt LENGTH = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final UnixSocket socket;
    private final Epoll ready;
    private boolean waitsForRoom;
    private final Iovec pieces = new Iovec(1);
    private final MemorySegment noOffloads = Arena.ofAuto().allocate(FramePort.HEADER_BYTES);
    /// One frame with its length, copied so that nobody changes it once its checksum is made.
    private final MemorySegment outgoing = Arena.ofAuto().allocate(LENGTH_BYTES + MAX_FRAME_BYTES, Long.BYTES);
    private final MemorySegment vnetHeader = Arena.ofAuto().allocate(VnetHeader.SIZEOF, Long.BYTES);
    private int sent;
    private int toSend;
    private final MemorySegment incoming = Arena.ofAuto().allocate(RECEIVE_BYTES);
    private int taken;
    private int filled;
    private boolean closed;

    /// @param ready becomes readable when there is something to do here: take frames, or send the rest of one
    PasstStream(UnixSocket socket, Epoll ready) {
        this.socket = socket;
        this.ready = ready;
        socket.sendBufferBytes(SEND_BUFFER_BYTES);
        ready.add(socket.raw(), Epoll.EPOLLIN, 0);
    }

    /// Takes a frame behind its header. Returns 0 if it has it, -EAGAIN if one waits still, or another `-errno`.
    synchronized int send(Iovec frame) {
        int rc = flush();
        if (rc != 0) {
            return rc;
        }
        int frameBytes = (int) frame.byteLength() - FramePort.HEADER_BYTES;
        if (frameBytes < ETHERNET_BYTES || frameBytes > MAX_FRAME_BYTES) {
            return -Errno.EINVAL;
        }
        frame.copyOut(0, vnetHeader, 0, VnetHeader.SIZEOF);
        frame.copyOut(FramePort.HEADER_BYTES, outgoing, LENGTH_BYTES, frameBytes);
        if ((VnetHeader.flags(vnetHeader) & VnetHeader.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0
                && !Checksums.finish(vnetHeader, outgoing.asSlice(LENGTH_BYTES), frameBytes)) {
            return -Errno.EINVAL;
        }
        outgoing.set(LENGTH, 0, frameBytes);
        sent = 0;
        toSend = LENGTH_BYTES + frameBytes;
        rc = flush();
        return rc == -Errno.EAGAIN ? 0 : rc;
    }

    /// Sends what waits. Returns 0 if nothing waits any more, -EAGAIN if some does, or another `-errno`.
    private int flush() {
        while (sent < toSend) {
            pieces.clear();
            pieces.add(outgoing, sent, toSend - sent);
            long rc = closed ? ENDED : socket.send(pieces);
            if (rc == -Errno.EAGAIN) {
                waitForRoom(true);
            }
            if (rc < 0) {
                return (int) rc;
            }
            sent += (int) rc;
        }
        if (closed) {
            return ENDED;
        }
        waitForRoom(false);
        return 0;
    }

    private void waitForRoom(boolean wait) {
        if (wait != waitsForRoom) {
            waitsForRoom = wait;
            ready.change(socket.raw(), wait ? Epoll.EPOLLIN | Epoll.EPOLLOUT : Epoll.EPOLLIN, 0);
        }
    }

    /// Gives the next frame behind a header of zeroes. Returns its length with that; -EAGAIN if none has come whole;
    /// another `-errno` if none will.
    synchronized int receive(Iovec into) {
        if (sent < toSend) {
            // Its end is seen below.
            flush();
        }
        for (int reads = 0; reads <= MAX_READS; reads++) {
            int frameBytes = waiting();
            if (frameBytes > 0) {
                return give(into, frameBytes);
            }
            int rc = frameBytes < 0 ? frameBytes : read();
            if (rc <= 0) {
                return rc;
            }
        }
        return -Errno.EAGAIN;
    }

    /// The length of a frame that is here whole, 0 if there is none, or -EPROTO if its length cannot be.
    private int waiting() {
        if (filled - taken < LENGTH_BYTES) {
            return 0;
        }
        int length = incoming.get(LENGTH, taken);
        if (length < ETHERNET_BYTES || length > MAX_FRAME_BYTES) {
            return -Errno.EPROTO;
        }
        return filled - taken < LENGTH_BYTES + length ? 0 : length;
    }

    private int give(Iovec into, int frameBytes) {
        into.copyIn(0, noOffloads, 0, FramePort.HEADER_BYTES);
        long fitted = into.copyIn(FramePort.HEADER_BYTES, incoming, taken + LENGTH_BYTES, frameBytes);
        taken += LENGTH_BYTES + frameBytes;
        return FramePort.HEADER_BYTES + (int) fitted;
    }

    private int read() {
        if (closed) {
            return ENDED;
        }
        // What is here is a part of one frame: there is room behind it for several more.
        MemorySegment.copy(incoming, taken, incoming, 0, filled - taken);
        filled -= taken;
        taken = 0;
        pieces.clear();
        pieces.add(incoming, filled, RECEIVE_BYTES - filled);
        long rc = socket.receive(pieces);
        if (rc <= 0) {
            return rc == 0 ? ENDED : (int) rc;
        }
        filled += (int) rc;
        return (int) rc;
    }

    synchronized void close() {
        closed = true;
        socket.close();
    }
}
