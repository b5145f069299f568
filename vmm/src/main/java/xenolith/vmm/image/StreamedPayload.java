package xenolith.vmm.image;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.XZInputStream;

/// The formats whose decoders are input streams: gzip, xz, lzma, bzip2.
final class StreamedPayload {
    /// What a dictionary may take: twice the largest that xz's presets ask for; Linux's build uses 32 MiB.
    private static final int MEMORY_LIMIT_KIB = 128 << 10;
    private static final int CHUNK = 256 << 10;

    private StreamedPayload() {
    }

    /// Unpacks `packed` to its end into `out`.
    static void unpack(Compression compression, MemorySegment packed, KernelBytes out) throws IOException {
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = open(compression, new SegmentInputStream(packed))) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                if (!out.append(chunk, count)) {
                    throw new IOException("more bytes than there is room for");
                }
            }
        }
    }

    private static InputStream open(Compression compression, InputStream packed) throws IOException {
        return switch (compression) {
            case GZIP -> new GZIPInputStream(packed, CHUNK);
            case XZ -> new XZInputStream(packed, MEMORY_LIMIT_KIB);
            case LZMA -> new LZMAInputStream(packed, MEMORY_LIMIT_KIB);
            case BZIP2 -> new BZip2CompressorInputStream(packed);
            case NONE, LZ4, ZSTD -> throw new IllegalStateException(compression + " is not read as a stream");
        };
    }
}
