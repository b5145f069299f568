package xenolith.vmm.image;

import io.airlift.compress.v3.lz4.Lz4JavaDecompressor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The legacy LZ4 frame, which Linux's build writes: a magic number, then blocks of a 32-bit packed length and that
/// many bytes. Each block unpacks, by itself, to 8 MiB; only the last is shorter.
///
/// The frame has no end mark and no checksum: it ends where the payload does.
final class LegacyLz4 {
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int MAGIC = 0x184c2102;
    private static final long BLOCK_BYTES = 8 << 20;

    private LegacyLz4() {
    }

    /// Unpacks a whole frame. A frame that follows a frame begins with the magic number where a block's length
    /// would be; `lz4` writes such files when it is given several.
    static void unpack(MemorySegment packed, KernelBytes out) {
        Lz4JavaDecompressor decoder = new Lz4JavaDecompressor();
        long at = Integer.BYTES;
        long end = packed.byteSize();
        while (at < end) {
            if (end - at < Integer.BYTES) {
                throw new IllegalArgumentException("a block's length is cut off");
            }
            long length = Integer.toUnsignedLong(packed.get(U32, at));
            at += Integer.BYTES;
            if (length == MAGIC) {
                continue;
            }
            if (length == 0 || length > end - at) {
                throw new IllegalArgumentException("a block of " + length + " bytes has " + (end - at));
            }
            block(decoder, packed.asSlice(at, length), out);
            at += length;
        }
    }

    private static void block(Lz4JavaDecompressor decoder, MemorySegment packed, KernelBytes out) {
        MemorySegment room = out.room(BLOCK_BYTES);
        if (room.byteSize() == 0) {
            throw new IllegalArgumentException("a block too many");
        }
        int unpacked = decoder.decompress(packed, room);
        if (unpacked < 0) {
            throw new IllegalArgumentException("a block does not unpack");
        }
        out.advance(unpacked);
    }
}
