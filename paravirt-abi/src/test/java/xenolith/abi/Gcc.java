package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs the machine's C compiler, and what it makes, where there is one.
final class Gcc {
    private static final int TIMEOUT_SECONDS = 60;

    private Gcc() {
    }

    static boolean exists() {
        return Files.isExecutable(Path.of("/usr/bin/gcc"));
    }

    static void compile(Path directory, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("/usr/bin/gcc"));
        command.addAll(List.of(arguments));
        output(directory, command.toArray(String[]::new));
    }

    /// What the command prints; fails unless it ends well within a minute.
    static List<String> output(Path directory, String... command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", ".txt");
        Process process = new ProcessBuilder(command).directory(directory.toFile())
                .redirectErrorStream(true).redirectOutput(out.toFile()).start();
        boolean ended = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        assertThat(ended).as("%s ended within %d s", command[0], TIMEOUT_SECONDS).isTrue();
        List<String> lines = Files.readAllLines(out);
        assertThat(process.exitValue()).as("%s: %s", command[0], lines).isZero();
        return lines;
    }
}
