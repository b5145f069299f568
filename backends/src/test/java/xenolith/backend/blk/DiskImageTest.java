package xenolith.backend.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskImageTest {
    @TempDir
    private Path directory;
    private Path path;

    @BeforeEach
    void makeImage() throws IOException {
        path = Files.write(directory.resolve("disk.img"), new byte[8 * DiskImage.SECTOR_BYTES]);
    }

    @Test
    void aWriterHasTheImageToItself() {
        try (DiskImage writer = DiskImage.open(path, false)) {
            assertThat(writer.sectorCount()).isEqualTo(8);
            assertThatThrownBy(() -> DiskImage.open(path, false)).isInstanceOf(DiskInUseException.class);
            assertThatThrownBy(() -> DiskImage.open(path, true)).isInstanceOf(DiskInUseException.class);
        }
    }

    @Test
    void readersShareItAndKeepWritersOut() {
        try (DiskImage one = DiskImage.open(path, true); DiskImage two = DiskImage.open(path, true)) {
            assertThat(one.sectorCount()).isEqualTo(two.sectorCount());
            assertThatThrownBy(() -> DiskImage.open(path, false)).isInstanceOf(DiskInUseException.class);
        }
    }

    @Test
    void aClosedImageIsFreeAgain() {
        DiskImage.open(path, false).close();
        try (DiskImage again = DiskImage.open(path, false)) {
            assertThat(again.isReadOnly()).isFalse();
        }
    }
}
