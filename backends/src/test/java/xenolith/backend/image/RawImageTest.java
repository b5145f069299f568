package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageTest {
    @TempDir
    private Path directory;
    private Path path;

    @BeforeEach
    void makeImage() throws IOException {
        path = Files.write(directory.resolve("disk.img"), new byte[8 * DiskImage.SECTOR_BYTES]);
    }

    @Test
    void aWriterHasTheImageToItself() {
        try (DiskImage writer = RawImage.open(path, false)) {
            assertThat(writer.sectorCount()).isEqualTo(8);
            assertThatThrownBy(() -> RawImage.open(path, false)).isInstanceOf(DiskInUseException.class);
            assertThatThrownBy(() -> RawImage.open(path, true)).isInstanceOf(DiskInUseException.class);
        }
    }

    @Test
    void readersShareItAndKeepWritersOut() {
        try (DiskImage one = RawImage.open(path, true); DiskImage two = RawImage.open(path, true)) {
            assertThat(one.sectorCount()).isEqualTo(two.sectorCount());
            assertThatThrownBy(() -> RawImage.open(path, false)).isInstanceOf(DiskInUseException.class);
        }
    }

    @Test
    void aClosedImageIsFreeAgain() {
        RawImage.open(path, false).close();
        try (DiskImage again = RawImage.open(path, false)) {
            assertThat(again.isReadOnly()).isFalse();
        }
    }
}
