package xenolith.tool.device;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import xenolith.backend.remote.BackendSource;
import xenolith.backend.remote.Peer;

/// Starts a device's process, which listens on a socket that nobody else can reach, and ends when we do.
public final class SpawnedBackend implements BackendSource {
    private static final long START_NS = 30_000_000_000L;
    private static final long CHECK_MS = 5;

    private final Path socket;
    private final List<String> command;

    /// @param command all words but those that name the socket
    public SpawnedBackend(Path socket, List<String> command) {
        this.socket = socket;
        this.command = new ArrayList<>(command);
        this.command.addAll(List.of("--socket", socket.toString()));
    }

    @Override
    public boolean isOurs() {
        return true;
    }

    /// What it says goes to our standard error.
    @Override
    public Peer connect() throws UnreachableException {
        Process process;
        try {
            Files.deleteIfExists(socket);
            process = new ProcessBuilder(command).redirectInput(Redirect.from(new File("/dev/null")))
                    .redirectOutput(Redirect.DISCARD).redirectError(Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new UnreachableException("it cannot be started: " + e.getMessage());
        }
        try {
            return connect(process);
        } catch (UnreachableException e) {
            process.destroyForcibly();
            throw e;
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new UnreachableException("interrupted");
        }
    }

    private Peer connect(Process process) throws UnreachableException, InterruptedException {
        long deadline = System.nanoTime() + START_NS;
        for (;;) {
            if (!process.isAlive()) {
                throw new UnreachableException("it has ended with status " + process.exitValue());
            }
            try {
                return Peer.connect(socket, process::destroyForcibly);
            } catch (UnreachableException e) {
                if (System.nanoTime() >= deadline) {
                    throw e;
                }
                Thread.sleep(CHECK_MS);
            }
        }
    }
}
