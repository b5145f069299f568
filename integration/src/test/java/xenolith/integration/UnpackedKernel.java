package xenolith.integration;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;

/// The ELF file within a bzImage that is packed by LZ4, for a GRUB that cannot unpack it itself.
///
/// The header is `Documentation/arch/x86/boot.rst`'s. The payload is in LZ4's legacy frame: a magic number, then blocks,
/// each behind its length; the length of the whole comes last, and Linux's own.
final class UnpackedKernel {
    private static final int SETUP_SECTORS = 0x1f1;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;
    private static final int SECTOR = 512;
    private static final int LEGACY_FRAME = 0x184c2102;

    private UnpackedKernel() {
    }

    /// Writes it to `elf`.
    static void write(Path bzImage, Path elf) throws IOException {
        byte[] bytes = Files.readAllBytes(bzImage);
        ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int begin = (image.get(SETUP_SECTORS) + 1) * SECTOR + image.getInt(PAYLOAD_OFFSET);
        int end = begin + image.getInt(PAYLOAD_LENGTH) - Integer.BYTES;
        if (image.getInt(begin) != LEGACY_FRAME) {
            throw new IOException(bzImage + " is not packed by LZ4");
        }
        int at = begin + Integer.BYTES;
        try (OutputStream out = Files.newOutputStream(elf)) {
            while (at < end) {
                int length = image.getInt(at);
                at += Integer.BYTES;
                new BlockLZ4CompressorInputStream(new ByteArrayInputStream(bytes, at, length)).transferTo(out);
                at += length;
            }
        }
    }
}
