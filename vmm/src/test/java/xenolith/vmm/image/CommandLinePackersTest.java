package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The programs that Linux's build calls, with the options it gives them (`scripts/Makefile.lib`), through a pipe as
/// it does: the encoders of our libraries might write what only our decoders read.
class CommandLinePackersTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "GZIP, gzip -n -f -9",
        "BZIP2, bzip2 -9",
        "LZMA, lzma -9",
        "XZ, xz --check=crc32 --x86 --lzma2=dict=32MiB",
        "LZ4, lz4 -l -9",
        "ZSTD, zstd -22 --ultra",
        "ZSTD, zstd -3 --check",
    })
    void whatTheProgramPacksIsUnpacked(Compression compression, String command) throws Exception {
        byte[] kernel = TestElf.linux(3 << 20);
        byte[] packed = pack(command, kernel);
        byte[] payload = compression == Compression.GZIP ? packed : TestPackers.withSize(packed, kernel.length);
        Path file = Files.write(directory.resolve("bzImage"), TestPackers.bzImage(payload));

        try (KernelImage image = KernelImage.read(file, Optional.empty())) {
            assertThat(image.compression()).isEqualTo(compression);
            assertThat(image.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(kernel);
        }
    }

    private byte[] pack(String command, byte[] plain) throws IOException, InterruptedException {
        String[] words = command.split(" ");
        assumeThat(isInstalled(words[0])).as("%s is installed", words[0]).isTrue();
        Path in = Files.write(directory.resolve("plain"), plain);
        Path out = directory.resolve("packed");
        // A shell, so that the packer sees a pipe and cannot know the size beforehand.
        Process process = new ProcessBuilder("sh", "-c", "cat \"$1\" | " + command + " -c > \"$2\"", "sh",
                in.toString(), out.toString()).redirectErrorStream(true).start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
        assertThat(process.exitValue()).as(new String(process.getInputStream().readAllBytes())).isZero();
        return Files.readAllBytes(out);
    }

    private static boolean isInstalled(String program) {
        return Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
