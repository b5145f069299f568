package xenolith.backend.image.qcow2;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.SettledImage;
import xenolith.posix.Iovec;

/// What a process has answered is in the file when it is killed without another word.
class SettledImageTest {
    private static final int BYTES = 4096;
    private static final long PLACE = 3 << 20;
    private final MemorySegment memory = Arena.ofAuto().allocate(BYTES);

    @TempDir
    private Path folder;

    private Iovec piece() {
        Iovec pieces = new Iovec(1);
        pieces.add(memory, 0, BYTES);
        return pieces;
    }

    /// What another process finds in the file now.
    private byte found(Path file) throws Exception {
        Path copy = Files.copy(file, folder.resolve("copy.qcow2"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        memory.fill((byte) 1);
        try (DiskImage image = Qcow2Image.open(copy, true, true)) {
            assertThat(image.read(piece(), PLACE)).isZero();
        }
        return memory.get(JAVA_BYTE, 17);
    }

    @Test
    void whatIsAnsweredIsFoundByAnotherProcessWithoutAFlush() throws Exception {
        Path base = Files.write(folder.resolve("base"), new byte[8 << 20]);
        Path file = folder.resolve("disk.qcow2");
        Qcow2Image.create(file, 8 << 20, base, "raw");
        try (DiskImage plain = Qcow2Image.open(file, false, true)) {
            memory.fill((byte) 0x5a);
            assertThat(plain.write(piece(), PLACE)).isZero();
            assertThat(found(file)).as("tables of a plain image are kept in memory").isZero();
        }
        try (DiskImage settled = new SettledImage(Qcow2Image.open(file, false, true))) {
            memory.fill((byte) 0x77);
            assertThat(settled.write(piece(), PLACE)).isZero();
            assertThat(found(file)).isEqualTo((byte) 0x77);
            assertThat(settled.discard(2 << 20, 4 << 20)).isZero();
            assertThat(found(file)).isNotEqualTo((byte) 0x77);
        }
    }
}
