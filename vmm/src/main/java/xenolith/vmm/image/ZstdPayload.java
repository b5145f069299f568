package xenolith.vmm.image;

import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A zstd frame, unpacked in one go into memory of the size that is known beforehand.
///
/// Linux's build packs through a pipe at level 22, so its frame states no content size but a window of 128 MiB, and
/// the decoder refuses windows beyond 8 MiB. The window tells a streaming decoder how much of its output to keep;
/// with the whole output in memory it bounds nothing. So the window descriptor is rewritten to 8 MiB in our copy of
/// the file: every match is still checked against the start of the output.
final class ZstdPayload {
    private static final long FRAME_HEADER_DESCRIPTOR = 4;
    private static final long WINDOW_DESCRIPTOR = 5;
    private static final int SINGLE_SEGMENT = 1 << 5;
    /// Exponent 13 over the base of 1 KiB, mantissa 0 (RFC 8878, 3.1.1.1.2).
    private static final int WINDOW_8_MIB = 13 << 3;

    private ZstdPayload() {
    }

    /// Unpacks `packed`, of which the caller owns a private copy, into `out`.
    static void unpack(MemorySegment packed, KernelBytes out) {
        if (packed.byteSize() <= WINDOW_DESCRIPTOR) {
            throw new IllegalArgumentException("the frame header is cut off");
        }
        boolean hasWindow = (packed.get(ValueLayout.JAVA_BYTE, FRAME_HEADER_DESCRIPTOR) & SINGLE_SEGMENT) == 0;
        if (hasWindow && Byte.toUnsignedInt(packed.get(ValueLayout.JAVA_BYTE, WINDOW_DESCRIPTOR)) > WINDOW_8_MIB) {
            packed.set(ValueLayout.JAVA_BYTE, WINDOW_DESCRIPTOR, (byte) WINDOW_8_MIB);
        }
        out.advance(new ZstdJavaDecompressor().decompress(packed, out.room(out.left())));
    }

    /// The content size that the frame header states, or −1.
    static long statedSize(MemorySegment packed) {
        byte[] head = new byte[(int) Math.min(packed.byteSize(), 32)];
        MemorySegment.copy(packed, ValueLayout.JAVA_BYTE, 0, head, 0, head.length);
        return new ZstdJavaDecompressor().getDecompressedSize(head, 0, head.length);
    }
}
