package xenolith.backend.net.passt;

import xenolith.backend.net.FramePort;
import xenolith.posix.Iovec;

/// The one queue of a [PasstLink], which outlives it.
record PasstPort(PasstLink link) implements FramePort {
    @Override
    public int send(Iovec frame) {
        return link.send(frame);
    }

    @Override
    public int receive(Iovec into) {
        return link.receive(into);
    }

    @Override
    public int descriptor() {
        return link.descriptor();
    }

    @Override
    public void close() {
        // What comes for nobody waits in the socket, and holds its sender up.
    }
}
