package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The overlay that is thrown away, held against an array.
class OverlayImageTest {
    private static final int SECTORS = 3000;
    private static final int SECTOR = DiskImage.SECTOR_BYTES;

    @TempDir
    private Path folder;
    private Path path;
    private byte[] expected;
    private final Random random = new Random(1);

    @BeforeEach
    void makeBase() throws IOException {
        expected = new byte[SECTORS * SECTOR];
        random.nextBytes(expected);
        path = Files.write(folder.resolve("base.raw"), expected);
    }

    private OverlayImage open() {
        return new OverlayImage(RawImage.open(path, true), folder);
    }

    @Test
    void itHoldsWhatWasWrittenAndTheBaseDoesNot() throws IOException {
        byte[] base = expected.clone();
        try (OverlayImage image = open()) {
            for (int i = 0; i < 400; i++) {
                int sector = random.nextInt(SECTORS);
                int count = Math.min(SECTORS - sector, 1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 40));
                switch (random.nextInt(5)) {
                    case 0, 1 -> {
                        byte[] bytes = new byte[count * SECTOR];
                        random.nextBytes(bytes);
                        assertThat(Requests.write(image, bytes, (long) sector * SECTOR)).isZero();
                        System.arraycopy(bytes, 0, expected, sector * SECTOR, bytes.length);
                    }
                    case 2 -> discard(image, sector, count);
                    default -> assertThat(Requests.read(image, (long) sector * SECTOR, count * SECTOR))
                            .isEqualTo(Arrays.copyOfRange(expected, sector * SECTOR, (sector + count) * SECTOR));
                }
            }
            assertThat(Requests.read(image, 0, expected.length)).isEqualTo(expected);
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(base);
    }

    private void discard(OverlayImage image, int sector, int count) {
        assertThat(image.discard((long) sector * SECTOR, (long) count * SECTOR)).isZero();
        System.arraycopy(Requests.read(image, (long) sector * SECTOR, count * SECTOR), 0, expected, sector * SECTOR,
                count * SECTOR);
    }

    @Test
    void nothingIsLeftOfIt() throws IOException {
        try (OverlayImage image = open()) {
            Requests.write(image, new byte[SECTOR], 0);
        }
        try (OverlayImage image = open(); Stream<Path> files = Files.list(folder)) {
            assertThat(Requests.read(image, 0, SECTOR)).isEqualTo(Arrays.copyOf(expected, SECTOR));
            assertThat(files.toList()).isEqualTo(List.of(path));
        }
    }

    @Test
    void manyShareABaseThatNobodyMayWrite() {
        try (OverlayImage one = open(); OverlayImage two = open()) {
            Requests.write(one, new byte[SECTOR], 0);
            assertThat(Requests.read(two, 0, SECTOR)).isEqualTo(Arrays.copyOf(expected, SECTOR));
            assertThatThrownBy(() -> RawImage.open(path, false)).isInstanceOf(DiskInUseException.class);
        }
        RawImage.open(path, false).close();
    }
}
