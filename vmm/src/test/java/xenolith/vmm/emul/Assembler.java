package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Machine code from the real assembler, so that no test rests on bytes typed by hand.
final class Assembler {
    private Assembler() {}

    /// The bytes of each of `lines`, one instruction a line in AT&T syntax. Skips the test where there is no assembler.
    static List<byte[]> assemble(List<String> lines) {
        assumeTools("as", "objcopy");
        return inDirectory(directory -> {
            StringBuilder source = new StringBuilder(".text\n");
            for (String line : lines) {
                source.append("1: ").append(line).append("\n2: .section .lengths,\"a\"\n.byte 2b-1b\n.text\n");
            }
            Files.writeString(directory.resolve("code.s"), source);
            run(directory, "as", "--64", "-o", "code.o", "code.s");
            run(directory, "objcopy", "-O", "binary", "-j", ".text", "code.o", "text");
            run(directory, "objcopy", "-O", "binary", "-j", ".lengths", "code.o", "lengths");
            return split(Files.readAllBytes(directory.resolve("text")),
                    Files.readAllBytes(directory.resolve("lengths")), lines.size());
        });
    }

    static byte[] assemble(String line) {
        return assemble(List.of(line)).getFirst();
    }

    static void assumeTools(String... tools) {
        for (String tool : tools) {
            boolean found = Stream.of(System.getenv("PATH").split(":"))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool)));
            assumeTrue(found, tool + " is not installed");
        }
    }

    /// Runs `command` in `directory` and returns what it printed.
    static String run(Path directory, String... command) throws IOException {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command).directory(directory.toFile())
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            process.destroyForcibly();
            String printed = Files.readString(output);
            assertThat(ended && process.exitValue() == 0).as("%s: %s", String.join(" ", command), printed).isTrue();
            return printed;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException(e);
        }
    }

    interface Work<T> {
        T in(Path directory) throws IOException;
    }

    /// Gives `work` a directory of its own and removes it afterwards.
    static <T> T inDirectory(Work<T> work) {
        try {
            Path directory = Files.createTempDirectory("assembler");
            try {
                return work.in(directory);
            } finally {
                try (Stream<Path> files = Files.walk(directory)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<byte[]> split(byte[] text, byte[] lengths, int count) {
        assertThat(lengths).hasSizeGreaterThanOrEqualTo(count);
        List<byte[]> all = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < count; i++) {
            all.add(Arrays.copyOfRange(text, at, at + lengths[i]));
            at += lengths[i];
        }
        return all;
    }
}
