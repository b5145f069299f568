package xenolith.backend.net;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;
import xenolith.posix.Tap;

/// An interface that is a TAP of the host's: what the guest sends the host receives there.
///
/// The TAP lives as long as the link; without a frontend its carrier is off, as with a cable that is not plugged in.
public final class TapLink implements FrameLink {
    private static final Logger LOG = System.getLogger(TapLink.class.getName());
    /// As many as the kernel gives a TAP would be more than a guest has vcpus.
    private static final int MAX_QUEUES = 8;
    private static final int MAX_FRAME_BYTES = 65535 + 14;

    private final Tap tap;
    private int openPorts;

    /// @param tap the first queue, the link's from now on
    public TapLink(Tap tap) {
        this.tap = tap;
        carrier(false);
    }

    @Override
    public int maxQueues() {
        return tap.isMultiQueue() ? MAX_QUEUES : 1;
    }

    @Override
    public boolean takesOffloads() {
        return true;
    }

    @Override
    public void guestTakes(boolean checksums, boolean tcpv4, boolean tcpv6) {
        tap.offload(checksums ? Tap.TUN_F_CSUM | (tcpv4 ? Tap.TUN_F_TSO4 : 0) | (tcpv6 ? Tap.TUN_F_TSO6 : 0) : 0);
    }

    @Override
    public int maxFrameBytes() {
        return MAX_FRAME_BYTES;
    }

    @Override
    public synchronized FramePort open(int queue) {
        Tap mine = queue == 0 ? tap : tap.another();
        if (openPorts++ == 0) {
            carrier(true);
        }
        return new Port(mine, queue == 0);
    }

    private synchronized void closed() {
        if (--openPorts == 0) {
            carrier(false);
        }
    }

    /// A kernel that knows no such call has an interface that seems plugged in always.
    private void carrier(boolean on) {
        try {
            tap.carrier(on);
        } catch (HostException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.ENOTTY) {
                LOG.log(Level.WARNING, "{0}: {1}", tap.name(), e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        tap.close();
    }

    private final class Port implements FramePort {
        private final Tap mine;
        private final boolean isLinks;

        /// @param isLinks the link keeps the descriptor when the port is closed
        Port(Tap mine, boolean isLinks) {
            this.mine = mine;
            this.isLinks = isLinks;
        }

        @Override
        public int send(Iovec frame) {
            long result = mine.send(frame);
            return result < 0 ? (int) result : 0;
        }

        @Override
        public int receive(Iovec into) {
            return (int) mine.receive(into);
        }

        @Override
        public int descriptor() {
            return mine.raw();
        }

        @Override
        public void close() {
            if (!isLinks) {
                mine.close();
            }
            closed();
        }
    }
}
