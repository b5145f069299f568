package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// QEMU's tools for images, against which ours are held. Tests are skipped where they are missing.
final class Qemu {
    private static final int BUSY_ATTEMPTS = 4;
    private static final Path IMG = Path.of("/usr/bin/qemu-img");
    private static final Path IO = Path.of("/usr/bin/qemu-io");
    /// What `qemu-img check` ends with: sound, damaged, leaks only.
    private static final int SOUND = 0;
    private static final int LEAKS = 3;

    private Qemu() {
    }

    static void require() {
        assumeTrue(Files.isExecutable(IMG) && Files.isExecutable(IO), "no qemu-img and qemu-io (qemu-utils): run ./dev setup");
    }

    private record Result(int status, String output) {
    }

    private static Result run(List<String> command) {
        try {
            Path out = Files.createTempFile("qemu", ".txt");
            try {
                Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile())
                        .redirectInput(new File("/dev/null")).start();
                assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s has not ended", command).isTrue();
                return new Result(process.exitValue(), Files.readString(out));
            } finally {
                Files.delete(out);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("cannot run " + command, e);
        }
    }

    static String img(String... arguments) {
        List<String> command = new ArrayList<>(List.of(IMG.toString()));
        command.addAll(List.of(arguments));
        Result result = run(command);
        assertThat(result.status()).as("%s: %s", command, result.output()).isZero();
        return result.output();
    }

    /// As [#img], for what qemu-img measures the host for and cannot do on a busy one, which it says by `complaint`: then
    /// it is tried a few times more, and the test is skipped if the host stays busy.
    static void imgOnAQuietHost(String complaint, String... arguments) {
        List<String> command = new ArrayList<>(List.of(IMG.toString()));
        command.addAll(List.of(arguments));
        Result result = run(command);
        for (int i = 0; i < BUSY_ATTEMPTS && result.output().contains(complaint); i++) {
            result = run(command);
        }
        assumeFalse(result.output().contains(complaint), "qemu-img: " + result.output().strip());
        assertThat(result.status()).as("%s: %s", command, result.output()).isZero();
    }

    /// Runs commands of qemu-io on an image.
    static void io(Path image, List<String> commands) {
        List<String> command = new ArrayList<>(List.of(IO.toString(), "-f", "qcow2"));
        for (String each : commands) {
            command.addAll(List.of("-c", each));
        }
        command.add(image.toString());
        Result result = run(command);
        assertThat(result.status()).as("%s: %s", command, result.output()).isZero();
    }

    /// What QEMU says when it is to do something with an image and cannot.
    static String refusal(String... arguments) {
        Result result = run(List.of(arguments));
        assertThat(result.status()).as(result.output()).isNotZero();
        return result.output();
    }

    /// Begins to read, or also to write, a raw image, and has it until its input is closed.
    static Process hold(Path image, boolean readOnly) throws IOException {
        List<String> command = new ArrayList<>(List.of(IO.toString(), "-f", "raw"));
        command.addAll(readOnly ? List.of("-r", image.toString()) : List.of(image.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.outputWriter().write("length\n");
        process.outputWriter().flush();
        // It answers when it has opened the image: a line, at most behind its prompt.
        assertThat(process.inputReader().readLine()).doesNotContain("lock");
        return process;
    }

    /// Fails if the image contradicts itself, or, unless `leaks` are allowed, has clusters that nothing refers to.
    static void check(Path image, boolean leaks) {
        Result result = run(List.of(IMG.toString(), "check", "-f", "qcow2", image.toString()));
        if (!leaks || result.status() != LEAKS) {
            assertThat(result.status()).as("qemu-img check %s: %s", image, result.output()).isEqualTo(SOUND);
        }
    }

    /// The disk's contents as QEMU reads them.
    static byte[] contents(Path image) {
        Path raw = image.resolveSibling(image.getFileName() + ".raw");
        img("convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
        try {
            byte[] bytes = Files.readAllBytes(raw);
            Files.delete(raw);
            return bytes;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
