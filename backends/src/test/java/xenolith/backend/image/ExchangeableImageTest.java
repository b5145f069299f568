package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

class ExchangeableImageTest {
    private static final int SECTOR = DiskImage.SECTOR_BYTES;

    @TempDir
    private Path directory;
    private final MemorySegment memory = Arena.ofAuto().allocate(SECTOR);

    private Path file(String name, int sectors, int fill) throws IOException {
        byte[] bytes = new byte[sectors * SECTOR];
        Arrays.fill(bytes, (byte) fill);
        return Files.write(directory.resolve(name), bytes);
    }

    private Iovec piece() {
        Iovec pieces = new Iovec(1);
        pieces.add(memory, 0, SECTOR);
        return pieces;
    }

    @Test
    void afterTheExchangeTheOtherImageIsReadAndWritten() throws IOException {
        Path first = file("first", 8, 1);
        Path second = file("second", 4, 2);
        try (ExchangeableImage image = new ExchangeableImage(RawImage.open(first, false))) {
            assertThat(image.read(piece(), 0)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
            image.exchange(RawImage.open(second, false)).close();
            assertThat(image.sectorCount()).isEqualTo(4);
            assertThat(image.read(piece(), 0)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
            memory.fill((byte) 3);
            assertThat(image.write(piece(), SECTOR)).isZero();
            RawImage.open(first, false).close();
        }
        assertThat(Files.readAllBytes(second)[SECTOR]).isEqualTo((byte) 3);
        assertThat(Files.readAllBytes(first)[SECTOR]).isEqualTo((byte) 1);
    }

    @Test
    void whatWasMeantForALargerImageIsNotWrittenBehindASmallerOne() throws IOException {
        Path second = file("second", 4, 2);
        try (ExchangeableImage image = new ExchangeableImage(RawImage.open(file("first", 8, 1), false))) {
            image.exchange(RawImage.open(second, false)).close();
            assertThat(image.write(piece(), 6 * SECTOR)).isEqualTo(-Errno.EIO);
            assertThat(image.read(piece(), 6 * SECTOR)).isEqualTo(-Errno.EIO);
            assertThat(image.discard(3 * SECTOR, 2 * SECTOR)).isEqualTo(-Errno.EIO);
        }
        assertThat(Files.size(second)).isEqualTo(4 * SECTOR);
    }

    @Test
    void anImageOfOtherRightsTakesNoOthersPlace() throws IOException {
        try (ExchangeableImage image = new ExchangeableImage(RawImage.open(file("first", 8, 1), false));
                DiskImage readOnly = RawImage.open(file("second", 8, 2), true)) {
            assertThatThrownBy(() -> image.exchange(readOnly)).isInstanceOf(IllegalArgumentException.class);
            assertThat(image.isReadOnly()).isFalse();
        }
    }
}
