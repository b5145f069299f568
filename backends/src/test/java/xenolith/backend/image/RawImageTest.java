package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

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
    void itGrowsByWholeSectorsWhileItIsUsed() throws IOException {
        try (DiskImage image = RawImage.open(path, false)) {
            image.grow(10 * DiskImage.SECTOR_BYTES);
            assertThat(image.sectorCount()).isEqualTo(10);
            assertThatThrownBy(() -> image.grow(9 * DiskImage.SECTOR_BYTES)).isInstanceOf(DiskSizeException.class);
            assertThatThrownBy(() -> image.grow(10 * DiskImage.SECTOR_BYTES + 1)).isInstanceOf(DiskSizeException.class);
        }
        try (DiskImage image = RawImage.open(path, true)) {
            assertThatThrownBy(() -> image.grow(20 * DiskImage.SECTOR_BYTES)).hasMessage("it is read-only");
        }
        assertThat(Files.size(path)).isEqualTo(10 * DiskImage.SECTOR_BYTES);
    }

    @Test
    void aClosedImageIsFreeAgain() {
        RawImage.open(path, false).close();
        try (DiskImage again = RawImage.open(path, false)) {
            assertThat(again.isReadOnly()).isFalse();
        }
    }

    @Test
    void directReadsAndWritesGoPastThePageCacheInWholeSectors() throws IOException {
        Path file = Files.write(Path.of("target/direct.img").toAbsolutePath(), new byte[1 << 20]);
        try (Arena arena = Arena.ofConfined(); DiskImage image = openDirect(file)) {
            int sector = image.logicalSectorBytes();
            assertThat(sector).isIn(512, 1024, 2048, 4096);
            Iovec pieces = new Iovec(2);
            pieces.add(arena.allocate(4096, 4096).fill((byte) 7), 0, 4096);
            pieces.add(arena.allocate(4096, 4096).fill((byte) 8), 4096 - sector, sector);
            assertThat(image.write(pieces, 3L * 4096)).isZero();
            MemorySegment back = arena.allocate(8192, 4096);
            pieces.clear();
            pieces.add(back, 0, 8192);
            assertThat(image.read(pieces, 3L * 4096)).isZero();
            assertThat(back.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 7);
            assertThat(back.get(ValueLayout.JAVA_BYTE, 4096 + sector - 1)).isEqualTo((byte) 8);
            assertThat(image.flush()).isZero();
        } finally {
            Files.delete(file);
        }
        assertThatThrownBy(() -> RawImage.openDirect(Path.of("/proc/self/status"), true)).isInstanceOf(HostException.class);
    }

    /// What is no data yet is read in blocks of any size, whatever the storage's are.
    @Test
    void aFilesHolesSayNothingOfItsSectors() throws IOException {
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "direct");
        Path written = Files.write(folder.resolve("written"), new byte[1 << 20]);
        Path empty = Files.createFile(folder.resolve("empty"));
        Path late = Files.createFile(folder.resolve("late"));
        try {
            try (FileChannel last = FileChannel.open(late, StandardOpenOption.WRITE)) {
                last.write(ByteBuffer.allocate(1 << 16), 1 << 20);
            }
            try (DiskImage one = openDirect(written); DiskImage two = openDirect(late)) {
                assertThat(two.logicalSectorBytes()).isEqualTo(one.logicalSectorBytes());
            }
            try (Fd one = direct(written); Fd two = direct(late); Fd none = direct(empty)) {
                assertThat(DirectBlocks.found(two, late, true)).isEqualTo(DirectBlocks.found(one, written, true));
                assertThat(DirectBlocks.found(none, empty, true)).as("one that has no data yet")
                        .isEqualTo(DirectBlocks.found(one, written, true));
            }
        } finally {
            for (Path file : new Path[] {written, empty, late, folder}) {
                Files.delete(file);
            }
        }
    }

    /// It must be the same before the guest has made partitions and after. There is no making files in `/proc`.
    @Test
    void aFileWithoutDataInAFolderThatTakesNoOtherIsAskedItself() throws IOException {
        Path file = Files.createTempFile(Path.of("target").toAbsolutePath(), "direct", ".img");
        Path closedFolder = Path.of("/proc/version");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1 << 20);
            openDirect(file).close();
            try (Fd fd = direct(file)) {
                assertThatThrownBy(() -> DirectBlocks.found(fd, closedFolder, true))
                        .hasMessage("/proc/version holds nothing yet by which the size of its sectors could be found out: "
                                + "use it without direct I/O");
                assertThat(fd.firstData()).as("what is read-only stays as it is").isEqualTo(-Errno.ENXIO);
            }
            try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR | Fd.O_DIRECT)) {
                int bytes = DirectBlocks.found(fd, closedFolder, false);
                assertThat(fd.firstData()).as("zeros where there was nothing").isZero();
                assertThat(DirectBlocks.found(fd, closedFolder, false)).as("later").isEqualTo(bytes);
            }
            assertThat(Files.readAllBytes(file)).isEqualTo(new byte[1 << 20]);
            sparse.setLength(0);
            sparse.setLength(2048);
            try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR | Fd.O_DIRECT)) {
                assertThatThrownBy(() -> DirectBlocks.found(fd, closedFolder, false)).isInstanceOf(BadImageException.class);
            }
            assertThat(Files.size(file)).as("it does not grow").isEqualTo(2048);
        } finally {
            Files.delete(file);
        }
    }

    private static Fd direct(Path file) {
        return Fd.open(file.toString(), Fd.O_RDONLY | Fd.O_DIRECT);
    }

    private static DiskImage openDirect(Path file) {
        try {
            return RawImage.openDirect(file, false);
        } catch (HostException e) {
            abort("no direct I/O where the build is: " + e.getMessage());
            throw e;
        }
    }

    /// What cannot be synced at all stands for storage that fails: it says EINVAL whenever it is asked.
    @Test
    void aFlushThatFailedOnceFailsUntilTheImageIsOpenedAnew() {
        for (int opened = 0; opened < 2; opened++) {
            try (DiskImage image = RawImage.openUnlocked(Path.of("/dev/null"), false)) {
                assertThat(image.flush()).isEqualTo(-Errno.EINVAL);
                assertThat(image.flush()).as("the host is not asked").isEqualTo(-Errno.EIO);
            }
        }
    }

    @Test
    void aLossIsToldAtOnceAndToWhoAsksLater() {
        AtomicInteger told = new AtomicInteger();
        try (DiskImage image = new WithoutDiscard(RawImage.openUnlocked(Path.of("/dev/null"), false))) {
            image.onLoss(told::incrementAndGet);
            assertThat(told).hasValue(0);
            assertThat(image.flush()).isEqualTo(-Errno.EINVAL);
            assertThat(told).hasValue(1);
            assertThat(image.flush()).isEqualTo(-Errno.EIO);
            assertThat(told).as("the host said it once").hasValue(1);
            image.onLoss(() -> told.set(10));
            assertThat(told).hasValue(10);
        }
    }

    @Test
    void whatIsKnownToBeLostFailsFlushesOfAnImageThatIsWell() throws IOException {
        Files.write(path, new byte[DiskImage.SECTOR_BYTES]);
        AtomicBoolean lost = new AtomicBoolean();
        try (DiskImage image = new UnforgettingImage(RawImage.open(path, false), lost::get, () -> lost.set(true))) {
            assertThat(image.flush()).isZero();
            lost.set(true);
            assertThat(image.flush()).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void aDiskOfLargerSectorsEndsWithAWholeOne() throws IOException {
        Files.write(path, new byte[20 * DiskImage.SECTOR_BYTES]);
        try (DiskImage image = LargeSectors.of(RawImage.open(path, false), 4096)) {
            assertThat(image.sectorCount()).isEqualTo(16);
            assertThat(image.logicalSectorBytes()).isEqualTo(4096);
            assertThat(image.discardGranularity()).isEqualTo(4096);
            Files.write(path, new byte[24 * DiskImage.SECTOR_BYTES]);
            assertThat(image.measure()).isEqualTo(24);
        }
    }
}
