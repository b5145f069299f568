package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;

/// The guest image with some files more: a kernel unpacks one cpio archive after the other.
final class GuestImage {
    /// The kernel looks for an uncompressed archive at multiples of four bytes only.
    private static final int ALIGNMENT = 4;

    private GuestImage() {
    }

    /// Writes to `file` the image `base` with `script` as `/script`, which its first process runs, and other files at its
    /// root.
    static void writeWithScript(Path file, Path base, String script, List<Path> others) throws IOException {
        byte[] image = Files.readAllBytes(base);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(image);
            out.write(new byte[-image.length & (ALIGNMENT - 1)]);
            CpioArchiveOutputStream archive = new CpioArchiveOutputStream(out);
            add(archive, "script", script.getBytes(UTF_8));
            for (Path other : others) {
                add(archive, other.getFileName().toString(), Files.readAllBytes(other));
            }
            archive.finish();
        }
    }

    private static void add(CpioArchiveOutputStream archive, String name, byte[] bytes) throws IOException {
        CpioArchiveEntry entry = new CpioArchiveEntry(name, bytes.length);
        entry.setMode(CpioArchiveEntry.C_ISREG | 0755);
        archive.putArchiveEntry(entry);
        archive.write(bytes);
        archive.closeArchiveEntry();
    }
}
