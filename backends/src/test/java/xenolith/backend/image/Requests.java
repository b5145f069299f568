package xenolith.backend.image;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.posix.Iovec;

/// Requests to an image out of arrays, in pieces of a page or less.
final class Requests {
    private static final int PAGE = 4096;

    private Requests() {
    }

    private static Iovec pieces(MemorySegment memory) {
        Iovec pieces = new Iovec(Iovec.MAX_PIECES);
        for (long at = 0; at < memory.byteSize(); at += PAGE) {
            pieces.add(memory, at, Math.min(PAGE, memory.byteSize() - at));
        }
        return pieces;
    }

    static int write(DiskImage image, byte[] bytes, long offset) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length, 8);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return image.write(pieces(memory), offset);
    }

    /// What stands there, or null after an error.
    static byte[] read(DiskImage image, long offset, int length) {
        MemorySegment memory = Arena.ofAuto().allocate(length, 8);
        memory.fill((byte) 0x5a);
        return image.read(pieces(memory), offset) < 0 ? null : memory.toArray(ValueLayout.JAVA_BYTE);
    }
}
