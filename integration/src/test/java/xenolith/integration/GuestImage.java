package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;

/// The guest image with one file more: a kernel unpacks one cpio archive after the other.
final class GuestImage {
    /// The kernel looks for an uncompressed archive at multiples of four bytes only.
    private static final int ALIGNMENT = 4;

    private GuestImage() {
    }

    /// Writes to `file` the image `base` with `script` as `/script`, which its first process runs.
    static void writeWithScript(Path file, Path base, String script) throws IOException {
        byte[] image = Files.readAllBytes(base);
        byte[] bytes = script.getBytes(UTF_8);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(image);
            out.write(new byte[-image.length & (ALIGNMENT - 1)]);
            CpioArchiveOutputStream archive = new CpioArchiveOutputStream(out);
            CpioArchiveEntry entry = new CpioArchiveEntry("script", bytes.length);
            entry.setMode(CpioArchiveEntry.C_ISREG | 0755);
            archive.putArchiveEntry(entry);
            archive.write(bytes);
            archive.closeArchiveEntry();
            archive.finish();
        }
    }
}
