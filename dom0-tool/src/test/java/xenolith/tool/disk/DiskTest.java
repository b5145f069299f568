package xenolith.tool.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.DeviceId;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.ExchangeableImage;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;

/// A disk in use that is changed.
class DiskTest {
    @TempDir
    private Path folder;
    private DiskConfig config;
    private ExchangeableImage image;
    private Disk disk;
    private BlkBackend driver;

    @BeforeEach
    void aDisk() throws Exception {
        Files.write(folder.resolve("first"), new byte[4096]);
        Files.write(folder.resolve("second"), new byte[8192]);
        config = DiskConfig.parse("path=first,dev=xvda", folder);
        over(DiskImages.open(config));
    }

    private void over(DiskImage first) {
        image = new ExchangeableImage(first);
        driver = new BlkBackend("test", image, null, 1);
        disk = new Disk(config, new DeviceId(1, "vbd", config.number()), image, driver);
    }

    @AfterEach
    void closeIt() {
        disk.close();
    }

    @Test
    void anotherImageTakesItsPlaceHereAndNowhereElse() {
        assertThatThrownBy(() -> disk.change(Map.of("path", "second", "backend", "process"), folder))
                .isInstanceOf(BadInputException.class).hasMessageContaining("its process stay");
        assertThat(disk.description()).containsEntry("sectors", 8L);
        assertThat(disk.change(Map.of("path", "second"), folder))
                .containsEntry("params", "aio:" + folder.resolve("second"));
        assertThat(disk.description()).containsEntry("sectors", 16L);
    }

    @Test
    void aLimitIsSetAndLiftedAndStaysWhileTheImageIsExchanged() {
        assertThat(disk.change(Map.of("iops", "500"), folder)).isEmpty();
        disk.change(Map.of("bps", "20M"), folder);
        assertThat(disk.description()).containsEntry("iops", 500L).containsEntry("bps", 20_000_000L);
        disk.change(Map.of("path", "second"), folder);
        assertThat(driver.limit().requestsPerSecond()).isEqualTo(500);
        assertThat(disk.description()).containsEntry("iops", 500L);
        disk.change(Map.of("path", "first", "iops", "7"), folder);
        assertThat(driver.limit().requestsPerSecond()).isEqualTo(7);
        assertThat(driver.limit().bytesPerSecond()).isEqualTo(20_000_000);
        assertThatThrownBy(() -> disk.change(Map.of("iops", ""), folder)).hasMessageContaining("'iops=' is no limit");
        disk.change(Map.of("iops", "none", "bps", "none"), folder);
        assertThat(disk.description()).doesNotContainKeys("iops", "bps");
        assertThatThrownBy(() -> disk.change(Map.of("iops", "some"), folder)).isInstanceOf(BadInputException.class);
        assertThatThrownBy(() -> disk.change(Map.of("iops", "5", "size", ""), folder)).isInstanceOf(BadInputException.class)
                .hasMessageContaining("iops=N, bps=N");
    }

    /// An image whose storage has failed.
    private record Failing(long sectorCount) implements DiskImage {
        @Override
        public boolean isReadOnly() {
            return false;
        }

        @Override
        public int read(Iovec to, long offset) {
            return -Errno.EIO;
        }

        @Override
        public int write(Iovec from, long offset) {
            return -Errno.EIO;
        }

        @Override
        public int flush() {
            return -Errno.EIO;
        }

        @Override
        public int discard(long offset, long byteLength) {
            return -Errno.EIO;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    @Test
    void thatTheOldImageWasNotStoredIsToldToWhoExchangedItAndToTheGuest() {
        disk.close();
        over(new Failing(8));
        assertThatThrownBy(() -> disk.change(Map.of("path", "second"), folder)).isInstanceOf(ControlException.class)
                .hasMessageContaining("could not be stored: EIO");
        assertThat(disk.description()).containsEntry("sectors", 16L);
        assertThat(image.flush()).isEqualTo(-Errno.EIO);
        assertThat(image.flush()).isZero();
    }
}
