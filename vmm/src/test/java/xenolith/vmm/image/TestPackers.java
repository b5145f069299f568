package xenolith.vmm.image;

import io.airlift.compress.v3.lz4.Lz4JavaCompressor;
import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/// Packs kernels as Linux's build does, with the libraries' encoders.
final class TestPackers {
    private static final int LZ4_BLOCK = 8 << 20;
    private static final int SETUP_SECTORS = 3;

    private TestPackers() {
    }

    static byte[] pack(Compression compression, byte[] plain) throws IOException {
        return switch (compression) {
            case NONE -> plain;
            case LZ4 -> lz4(plain);
            case ZSTD -> zstd(plain);
            default -> {
                ByteArrayOutputStream packed = new ByteArrayOutputStream();
                try (OutputStream encoder = encoder(compression, packed)) {
                    encoder.write(plain);
                }
                yield packed.toByteArray();
            }
        };
    }

    /// The payload of a bzImage: packed, and behind it the size, unless the format ends in it anyway.
    static byte[] payload(Compression compression, byte[] plain) throws IOException {
        byte[] packed = pack(compression, plain);
        return compression == Compression.GZIP ? packed : withSize(packed, plain.length);
    }

    static byte[] withSize(byte[] packed, int size) {
        return TestElf.concat(packed, little(4).putInt(size).array());
    }

    /// A bzImage of protocol 2.15 around a payload, with something behind it as a signature would be.
    static byte[] bzImage(byte[] payload) {
        int protectedMode = (SETUP_SECTORS + 1) * 512;
        int payloadOffset = 0x100;
        ByteBuffer image = little(protectedMode + payloadOffset + payload.length + 64);
        image.put(0, new byte[] {'M', 'Z'}).put(0x1f1, (byte) SETUP_SECTORS).putShort(0x1fe, (short) 0xaa55)
                .put(0x202, new byte[] {'H', 'd', 'r', 'S'}).putShort(0x206, (short) 0x20f)
                .putInt(0x248, payloadOffset).putInt(0x24c, payload.length)
                .put(protectedMode + payloadOffset, payload);
        return image.array();
    }

    private static OutputStream encoder(Compression compression, OutputStream packed) throws IOException {
        return switch (compression) {
            case GZIP -> new GZIPOutputStream(packed);
            case XZ -> new XZOutputStream(packed, new FilterOptions[] {new X86Options(), new LZMA2Options()},
                    XZ.CHECK_CRC32);
            // Size −1: through a pipe the size is not known, so an end mark is written.
            case LZMA -> new LZMAOutputStream(packed, new LZMA2Options(), -1);
            case BZIP2 -> new BZip2CompressorOutputStream(packed);
            case NONE, LZ4, ZSTD -> throw new IllegalArgumentException(compression.word());
        };
    }

    private static byte[] lz4(byte[] plain) {
        Lz4JavaCompressor encoder = new Lz4JavaCompressor();
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        packed.writeBytes(little(4).putInt(0x184c2102).array());
        for (int at = 0; at < plain.length; at += LZ4_BLOCK) {
            int length = Math.min(LZ4_BLOCK, plain.length - at);
            byte[] block = new byte[encoder.maxCompressedLength(length)];
            int size = encoder.compress(plain, at, length, block, 0, block.length);
            packed.writeBytes(little(4).putInt(size).array());
            packed.write(block, 0, size);
        }
        return packed.toByteArray();
    }

    private static byte[] zstd(byte[] plain) {
        ZstdJavaCompressor encoder = new ZstdJavaCompressor();
        byte[] packed = new byte[encoder.maxCompressedLength(plain.length)];
        return Arrays.copyOf(packed, encoder.compress(plain, 0, plain.length, packed, 0, packed.length));
    }

    private static ByteBuffer little(int byteLength) {
        return ByteBuffer.allocate(byteLength).order(ByteOrder.LITTLE_ENDIAN);
    }
}
