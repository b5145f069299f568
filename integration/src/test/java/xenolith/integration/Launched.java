package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// One run of the launcher, finished: its exit status and what it wrote.
///
/// @param status   the exit status
/// @param stdout   standard output, without carriage returns: a guest's console has one on every line
/// @param stderr   standard error
/// @param duration from start to end
record Launched(int status, String stdout, String stderr, Duration duration) {
    static final Duration PATIENCE = Duration.ofSeconds(120);

    /// Runs `xenolith` with `arguments`, standard input from `stdin` or empty, for at most [#PATIENCE].
    static Launched of(List<String> arguments, Path stdin) {
        List<String> command = new ArrayList<>(List.of(Host.launcher().toString()));
        command.addAll(arguments);
        return command(command, stdin);
    }

    /// Runs any command likewise. A run that does not end is killed and fails, with what it had written.
    static Launched command(List<String> command, Path stdin) {
        Path out = null;
        Path err = null;
        try {
            out = Files.createTempFile("xenolith-out", ".txt");
            err = Files.createTempFile("xenolith-err", ".txt");
            long begin = System.nanoTime();
            Process process = new ProcessBuilder(command)
                    .redirectInput(stdin == null ? new File("/dev/null") : stdin.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            Duration duration = Duration.ofNanos(System.nanoTime() - begin);
            if (!ended) {
                process.destroyForcibly().waitFor();
                throw new AssertionError(command + " did not end within " + PATIENCE + "\n" + text(out) + text(err));
            }
            return new Launched(process.exitValue(), text(out), text(err), duration);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("cannot run " + command, e);
        } finally {
            deleteAll(out, err);
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), UTF_8).replace("\r", "");
    }

    private static void deleteAll(Path... files) {
        for (Path file : files) {
            if (file != null) {
                Host.delete(file);
            }
        }
    }

    /// Everything, for the message of a failed assertion.
    String transcript() {
        return "status " + status + " after " + duration.toMillis() + " ms\n--- stdout\n" + stdout + "--- stderr\n" + stderr;
    }
}
