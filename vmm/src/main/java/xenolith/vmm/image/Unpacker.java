package xenolith.vmm.image;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.UnsupportedOptionsException;
import xenolith.posix.HostException;

/// Unpacks a kernel with the library for its format, and turns whatever the library complains of into a
/// [BadKernelException].
final class Unpacker {
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final String OFFSET = ": offset=";

    private final String name;
    private final Compression compression;
    private final long limit;

    /// `name` is the file's, for messages; what comes out has at most `limit` bytes.
    Unpacker(String name, Compression compression, long limit) {
        this.name = name;
        this.compression = compression;
        this.limit = limit;
    }

    /// Unpacks a bzImage's payload, whose last four bytes are the unpacked size. For gzip these are gzip's own
    /// trailer; behind the other formats Linux's build adds them, and their decoders must not see them.
    KernelBytes unpackPayload(MemorySegment payload) {
        if (payload.byteSize() <= Integer.BYTES) {
            throw corrupt("it is only " + payload.byteSize() + " bytes long", null);
        }
        long end = payload.byteSize() - Integer.BYTES;
        long size = Integer.toUnsignedLong(payload.get(U32, end));
        MemorySegment packed = compression == Compression.GZIP ? payload : payload.asSlice(0, end);
        return unpackTo(size, packed);
    }

    /// Unpacks a file that is nothing but packed data.
    KernelBytes unpackFile(MemorySegment packed) {
        if (compression != Compression.ZSTD) {
            return fill(packed, KernelBytes.upTo(limit));
        }
        long size = zstdSize(packed);
        if (size == -1) {
            throw new BadKernelException(name + ": this zstd file does not state its size: "
                    + "pack it from a file, not through a pipe, or unpack it first");
        }
        return unpackTo(size, packed);
    }

    private long zstdSize(MemorySegment packed) {
        try {
            return ZstdPayload.statedSize(packed);
        } catch (RuntimeException broken) {
            throw corrupt(reason(broken), broken);
        }
    }

    private KernelBytes unpackTo(long size, MemorySegment packed) {
        if (Long.compareUnsigned(size, limit) > 0) {
            throw tooLarge();
        }
        if (size == 0) {
            throw corrupt("it states that it unpacks to nothing", null);
        }
        KernelBytes out = fill(packed, KernelBytes.exactly(size));
        if (out.left() != 0) {
            out.close();
            throw corrupt("it states " + size + " bytes and unpacks to " + out.filled(), null);
        }
        return out;
    }

    private KernelBytes fill(MemorySegment packed, KernelBytes out) {
        try {
            decode(packed, out);
            return out;
        } catch (BadKernelException | HostException told) {
            out.close();
            throw told;
        } catch (MemoryLimitException | UnsupportedOptionsException notForUs) {
            out.close();
            throw new BadKernelException("%s: this %s needs what is not supported (%s): pack it with a usual preset"
                    .formatted(name, compression.word(), notForUs.getMessage()), notForUs);
        } catch (IOException | RuntimeException broken) {
            // The decoders answer broken input with many kinds of unchecked exception, IndexOutOfBounds among them.
            out.close();
            if (out.overflowed()) {
                throw out.limit() == limit ? tooLarge() : corrupt("it has more bytes than it states", broken);
            }
            throw corrupt(reason(broken), broken);
        }
    }

    private void decode(MemorySegment packed, KernelBytes out) throws IOException {
        switch (compression) {
            case GZIP, XZ, LZMA, BZIP2 -> StreamedPayload.unpack(compression, packed, out);
            case LZ4 -> LegacyLz4.unpack(packed, out);
            case ZSTD -> ZstdPayload.unpack(packed, out);
            case NONE -> throw new IllegalStateException("nothing to unpack");
        }
    }

    private BadKernelException tooLarge() {
        return new BadKernelException("%s: too large: it unpacks to more than %d MiB"
                .formatted(name, limit >> 20));
    }

    /// What the decoder said, without the offset that aircompressor adds: it is an address of this process.
    private static String reason(Exception broken) {
        String said = broken.getMessage();
        if (said == null) {
            return "broken off or damaged";
        }
        int offset = said.indexOf(OFFSET);
        return offset < 0 ? said : said.substring(0, offset);
    }

    private BadKernelException corrupt(String reason, Throwable cause) {
        return new BadKernelException("%s: its %s data is corrupt (%s): copy or download it again"
                .formatted(name, compression.word(), reason), cause);
    }
}
