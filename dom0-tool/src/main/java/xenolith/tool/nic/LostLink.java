package xenolith.tool.nic;

import java.lang.foreign.MemorySegment;
import xenolith.backend.net.FrameFilter;
import xenolith.backend.net.FrameLink;
import xenolith.backend.net.FramePort;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// What is left of a network interface whose process does not come back: a cable that leads nowhere.
final class LostLink implements FrameLink {
    /// Lets everything pass, as nothing gets anywhere.
    static final FrameFilter FILTER = new FrameFilter() {
        @Override
        public boolean fromGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes) {
            return true;
        }

        @Override
        public boolean toGuest(MemorySegment vnetHeader, MemorySegment head, int headBytes, int frameBytes) {
            return true;
        }
    };
    private static final int MAX_QUEUES = 64;
    private static final int NO_DESCRIPTOR = -1;

    @Override
    public int maxQueues() {
        return MAX_QUEUES;
    }

    @Override
    public FramePort open(int queue) {
        return new FramePort() {
            @Override
            public int send(Iovec frame) {
                return -Errno.EIO;
            }

            @Override
            public int receive(Iovec into) {
                return -Errno.EAGAIN;
            }

            @Override
            public int descriptor() {
                return NO_DESCRIPTOR;
            }

            @Override
            public void close() {
                // It holds nothing.
            }
        };
    }

    @Override
    public boolean takesOffloads() {
        return true;
    }

    @Override
    public int maxFrameBytes() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
