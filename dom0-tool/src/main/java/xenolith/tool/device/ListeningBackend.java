package xenolith.tool.device;

import java.nio.file.Path;
import xenolith.backend.remote.BackendSource;
import xenolith.backend.remote.Peer;

/// A device's process that somebody else starts, and starts again when it dies.
///
/// @param socket where it listens
public record ListeningBackend(Path socket) implements BackendSource {
    @Override
    public Peer connect() throws UnreachableException {
        return Peer.connect(socket, () -> { });
    }

    @Override
    public boolean isOurs() {
        return false;
    }
}
