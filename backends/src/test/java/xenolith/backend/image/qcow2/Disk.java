package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import xenolith.backend.image.DiskImage;
import xenolith.posix.Iovec;

/// Requests to an image out of arrays, in pieces of odd sizes as a guest's pages are. For one thread.
final class Disk {
    private final DiskImage image;
    private final Random random = new Random(7);

    Disk(DiskImage image) {
        this.image = image;
    }

    int tryWrite(byte[] bytes, long offset) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length, 8);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return image.write(pieces(memory), offset);
    }

    void write(byte[] bytes, long offset) {
        assertThat(tryWrite(bytes, offset)).as("writing %s bytes at %s", bytes.length, offset).isZero();
    }

    /// What stands there, or null after an error.
    byte[] tryRead(long offset, int length) {
        MemorySegment memory = Arena.ofAuto().allocate(length, 8);
        memory.fill((byte) 0x5a);
        int result = image.read(pieces(memory), offset);
        return result < 0 ? null : memory.toArray(ValueLayout.JAVA_BYTE);
    }

    byte[] read(long offset, int length) {
        byte[] bytes = tryRead(offset, length);
        assertThat(bytes).as("reading %s bytes at %s", length, offset).isNotNull();
        return bytes;
    }

    void flush() {
        assertThat(image.flush()).isZero();
    }

    private Iovec pieces(MemorySegment memory) {
        Iovec pieces = new Iovec(Iovec.MAX_PIECES);
        long at = 0;
        while (at < memory.byteSize()) {
            long length = Math.min(memory.byteSize() - at, 512L * (1 + random.nextInt(16)));
            length = at / 512 > 900L * 8 ? memory.byteSize() - at : length;
            pieces.add(memory, at, length);
            at += length;
        }
        return pieces;
    }
}
