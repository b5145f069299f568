package xenolith.backend.net;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// A link whose other side is the test.
final class FakeLink implements FrameLink {
    /// Header and frame of what the guest sent.
    final BlockingQueue<byte[]> sent = new LinkedBlockingQueue<>();
    private final BlockingQueue<byte[]> waiting = new LinkedBlockingQueue<>();
    private final EventFd ready = EventFd.create();
    volatile boolean takesOffloads = true;
    volatile boolean[] guestTakes;
    /// What `send` answers while this is not 0.
    volatile int refusal;
    /// The link is gone: nothing will come any more.
    volatile boolean dead;
    /// The host refuses to open it.
    volatile boolean full;
    /// There is always one frame more, too short to be one.
    volatile boolean endless;
    volatile int openPorts;
    /// What `receive` and `descriptor` throw, unless it is null.
    volatile Error inReceive;
    volatile Error inDescriptor;

    /// Gives a frame to the guest, with its header.
    void give(byte[] frame) {
        waiting.add(frame);
        ready.signal();
    }

    /// What the guest sends next; null if nothing comes within five seconds.
    byte[] take() throws InterruptedException {
        return sent.poll(5, TimeUnit.SECONDS);
    }

    @Override
    public int maxQueues() {
        return 2;
    }

    @Override
    public boolean takesOffloads() {
        return takesOffloads;
    }

    @Override
    public int maxFrameBytes() {
        return 65549;
    }

    @Override
    public void guestTakes(boolean checksums, boolean tcpv4, boolean tcpv6) {
        guestTakes = new boolean[] {checksums, tcpv4, tcpv6};
    }

    @Override
    public synchronized FramePort open(int queue) {
        if (full) {
            throw new HostException("a switch of 64 ports", Errno.ENOSPC);
        }
        openPorts++;
        return new Port();
    }

    @Override
    public void close() {
        ready.close();
    }

    private final class Port implements FramePort {
        @Override
        public int send(Iovec frame) {
            if (refusal != 0) {
                return refusal;
            }
            byte[] bytes = new byte[(int) frame.byteLength()];
            frame.copyOut(0, MemorySegment.ofArray(bytes), 0, bytes.length);
            sent.add(bytes);
            return 0;
        }

        @Override
        public int receive(Iovec into) {
            if (dead) {
                return -Errno.EIO;
            }
            if (inReceive != null) {
                throw inReceive;
            }
            if (endless) {
                return HEADER_BYTES + 1;
            }
            ready.drain();
            byte[] frame = waiting.poll();
            if (!waiting.isEmpty()) {
                ready.signal();
            }
            if (frame == null) {
                return -Errno.EAGAIN;
            }
            MemorySegment from = MemorySegment.ofArray(frame);
            return (int) into.copyIn(0, from, 0, frame.length);
        }

        @Override
        public int descriptor() {
            if (inDescriptor != null) {
                throw inDescriptor;
            }
            return ready.raw();
        }

        @Override
        public void close() {
            synchronized (FakeLink.this) {
                openPorts--;
            }
        }
    }

    /// `struct virtio_net_hdr` and a frame.
    static byte[] framed(int flags, int gsoType, int gsoSize, int csumStart, int csumOffset, byte[] frame) {
        byte[] all = new byte[FramePort.HEADER_BYTES + frame.length];
        MemorySegment header = MemorySegment.ofArray(all);
        header.set(ValueLayout.JAVA_BYTE, 0, (byte) flags);
        header.set(ValueLayout.JAVA_BYTE, 1, (byte) gsoType);
        header.set(ValueLayout.JAVA_SHORT_UNALIGNED, 4, (short) gsoSize);
        header.set(ValueLayout.JAVA_SHORT_UNALIGNED, 6, (short) csumStart);
        header.set(ValueLayout.JAVA_SHORT_UNALIGNED, 8, (short) csumOffset);
        System.arraycopy(frame, 0, all, FramePort.HEADER_BYTES, frame.length);
        return all;
    }
}
