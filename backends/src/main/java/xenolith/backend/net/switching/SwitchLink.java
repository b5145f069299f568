package xenolith.backend.net.switching;

import java.nio.file.Path;
import xenolith.backend.net.FrameLink;
import xenolith.backend.net.FramePort;
import xenolith.posix.UnixSocket;

/// An interface on a switch between domains of one user.
public final class SwitchLink implements FrameLink {
    /// An IPv4 packet as long as one can be, behind an Ethernet header with a VLAN tag.
    private static final int MAX_FRAME_BYTES = 65_535 + 18;
    private static final String LONGEST_NAME = "/63.port";

    private final SwitchDirectory directory;

    /// @param directory is there and belongs to this user alone; with a path that [#isShortEnough]
    public SwitchLink(Path directory) {
        this.directory = new SwitchDirectory(directory);
    }

    /// Whether sockets in this directory can be named: the host bounds their paths.
    public static boolean isShortEnough(Path directory) {
        return directory.toString().length() + LONGEST_NAME.length() <= UnixSocket.MAX_PATH_BYTES;
    }

    /// Each peer is one connection, hence one queue.
    @Override
    public int maxQueues() {
        return 1;
    }

    @Override
    public FramePort open(int queue) {
        return SwitchPort.join(directory);
    }

    @Override
    public boolean takesOffloads() {
        return true;
    }

    @Override
    public int maxFrameBytes() {
        return MAX_FRAME_BYTES;
    }

    @Override
    public void close() {
        // Its port has nothing behind it.
    }
}
