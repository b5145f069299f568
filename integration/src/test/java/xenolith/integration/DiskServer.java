package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A process of `xenolith backend`.
final class DiskServer {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private DiskServer() {
    }

    /// Starts one that serves each image at a socket of the image's name and `.sock`, and waits for the sockets.
    ///
    /// @param log what it prints
    static Process start(Path log, Path... images) throws Exception {
        List<String> command = new ArrayList<>(List.of(Host.launcher().toString(), "backend"));
        for (Path image : images) {
            command.addAll(List.of("--socket", image + ".sock", "--disk", "path=" + image + ",dev=xvda"));
        }
        Process server = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (Path image : images) {
            while (!Files.exists(Path.of(image + ".sock"))) {
                assertThat(server.isAlive() && System.nanoTime() < deadline).as(Files.readString(log)).isTrue();
                Thread.sleep(10);
            }
        }
        return server;
    }
}
