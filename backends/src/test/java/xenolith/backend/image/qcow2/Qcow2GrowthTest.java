package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.backend.image.DiskSizeException;
import xenolith.posix.HostException;

/// Disks that become longer while they are used. The power may be cut meanwhile.
class Qcow2GrowthTest {
    /// Ends within a cluster, and so does its level-1 table.
    private static final int SECTORS = 2049;
    private static final int MORE_SECTORS = 4096;
    private static final int CAPACITY = 32 << 20;

    @TempDir
    private Path folder;
    private final Stamps stamps = new Stamps(MORE_SECTORS);
    private int cuts;

    @BeforeEach
    void needsQemu() {
        Qemu.require();
    }

    private Path image(String options) {
        Path image = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", options, image.toString(), bytes(SECTORS) + "");
        return image;
    }

    private static long bytes(long sectors) {
        return sectors * Stamps.SECTOR;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=65536", "cluster_size=4096", "cluster_size=512", "cluster_size=1024,compat=0.10"})
    void whatWasThereStaysAndWhatIsNewIsZeros(String options) throws IOException {
        FragileStorage storage = new FragileStorage(Files.readAllBytes(image(options)), CAPACITY, options.hashCode());
        Path end = folder.resolve("end.qcow2");
        try (Qcow2Image image = open(storage)) {
            Disk disk = new Disk(image);
            disk.write(stamps.write(0, SECTORS), 0);
            disk.flush();
            stamps.flushed(stamps.beforeFlush());
            storage.beforeSync(_ -> cut(storage));
            image.grow(bytes(MORE_SECTORS));
            assertThat(cuts).isPositive();
            assertThat(image.sectorCount()).isEqualTo(MORE_SECTORS);
            assertThat(disk.read(bytes(SECTORS), (int) bytes(MORE_SECTORS - SECTORS))).containsOnly(0);
            disk.write(stamps.write(SECTORS - 1, MORE_SECTORS - SECTORS + 1), bytes(SECTORS - 1));
            disk.flush();
            stamps.flushed(stamps.beforeFlush());
            assertThat(image.discard(bytes(MORE_SECTORS - 1024), bytes(1024))).isZero();
            stamps.discard(MORE_SECTORS - 1024, 1024);
        }
        storage.save(end);
        Qemu.check(end, false);
        stamps.check(0, Qemu.contents(end), false);
        assertThat(Qemu.contents(end)).hasSize((int) bytes(MORE_SECTORS));
    }

    private static Qcow2Image open(FragileStorage storage) {
        return Qcow2Image.open(Path.of("image"), storage, false, new BackingChain(true));
    }

    /// The disk is as long as before, or as it is to be, and sound.
    private void cut(FragileStorage storage) {
        cuts++;
        byte[] left = storage.afterPowerCut();
        try (Qcow2Image image = open(new FragileStorage(left, CAPACITY, 0))) {
            assertThat(image.sectorCount()).isIn((long) SECTORS, (long) MORE_SECTORS);
            stamps.check(0, new Disk(image).read(0, (int) bytes(SECTORS)), true);
            Qemu.check(Files.write(folder.resolve("cut.qcow2"), left), true);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// So much is discarded that it takes a commit, while which the disk becomes longer within its last cluster.
    @Test
    void aDiscardOfAllSparesWhatIsWrittenBehindTheOldEndMeanwhile() throws IOException {
        long tableBytes = 128 << 10;
        long old = 160 * tableBytes + Stamps.SECTOR;
        byte[] written = new byte[Stamps.SECTOR];
        Arrays.fill(written, (byte) 7);
        Path path = folder.resolve("scattered.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=1024", path.toString(), old + "");
        FragileStorage storage = new FragileStorage(Files.readAllBytes(path), CAPACITY, 1);
        try (Qcow2Image image = open(storage)) {
            Disk disk = new Disk(image);
            for (long offset = 0; offset < old; offset += tableBytes) {
                disk.write(written, offset);
            }
            disk.flush();
            storage.beforeSync(_ -> {
                storage.beforeSync(_ -> { });
                image.grow(old + Stamps.SECTOR);
                disk.write(written, old);
            });
            assertThat(image.discard(0, old)).isZero();
            assertThat(image.sectorCount() * Stamps.SECTOR).isEqualTo(old + Stamps.SECTOR);
            assertThat(disk.read(old, Stamps.SECTOR)).containsOnly(7);
            assertThat(disk.read(old - Stamps.SECTOR - tableBytes, Stamps.SECTOR)).containsOnly(0);
        }
    }

    @Test
    void itGrowsAgain() throws IOException {
        Path path = image("cluster_size=65536");
        for (long gib = 1; gib <= 4096; gib *= 16) {
            try (Qcow2Image image = Qcow2Image.open(path, false, true)) {
                image.grow(gib << 30);
                new Disk(image).write(stamps.write(0, 1), (gib << 30) - Stamps.SECTOR);
            }
            Qemu.check(path, false);
        }
        try (Qcow2Image image = Qcow2Image.open(path, true, true)) {
            assertThat(image.sectorCount()).isEqualTo((4096L << 30) / Stamps.SECTOR);
            assertThat(new Disk(image).read((1L << 30) - Stamps.SECTOR, Stamps.SECTOR))
                    .isNotEqualTo(new byte[Stamps.SECTOR]);
        }
    }

    @Test
    void itStaysAsItIsWhereItCannotGrow() throws IOException {
        Path path = image("cluster_size=512");
        byte[] before = Files.readAllBytes(path);
        try (Qcow2Image image = Qcow2Image.open(path, false, true)) {
            refused(image, bytes(SECTORS - 1), "smaller");
            refused(image, bytes(MORE_SECTORS) - 1, "whole sectors");
            refused(image, bytes(MORE_SECTORS + 1), "can have 2097152 bytes while it is used");
            assertThat(image.sectorCount()).isEqualTo(SECTORS);
        }
        assertThat(Arrays.equals(Files.readAllBytes(path), before)).isTrue();
        Qemu.img("snapshot", "-c", "kept", path.toString());
        try (Qcow2Image image = Qcow2Image.open(path, false, true)) {
            refused(image, bytes(MORE_SECTORS), "snapshots");
        }
        try (Qcow2Image image = Qcow2Image.open(path, true, true)) {
            refused(image, bytes(MORE_SECTORS), "read-only");
        }
    }

    @Test
    void aFailureSaysWhetherTheImageMayHaveChanged() throws IOException {
        FragileStorage storage = new FragileStorage(Files.readAllBytes(image("cluster_size=1024")), CAPACITY, 1);
        try (Qcow2Image image = open(storage)) {
            storage.room(0);
            refused(image, bytes(MORE_SECTORS), "the level-1 table: ENOSPC");
            assertThatThrownBy(() -> image.grow(bytes(SECTORS + 1))).isInstanceOf(HostException.class)
                    .hasMessageContaining("may say the new size or the old: ENOSPC");
            assertThat(image.sectorCount()).isEqualTo(SECTORS);
            storage.room(CAPACITY);
            image.grow(bytes(MORE_SECTORS));
            assertThat(image.sectorCount()).isEqualTo(MORE_SECTORS);
        }
    }

    @Test
    void whatLiesBehindItDoesNotShowBehindItsOldEnd() {
        Path base = folder.resolve("base.img");
        Path top = folder.resolve("top.qcow2");
        Qemu.img("create", "-q", "-f", "raw", base.toString(), bytes(MORE_SECTORS) + "");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", base.toString(), "-F", "raw", top.toString(), bytes(SECTORS) + "");
        try (Qcow2Image image = Qcow2Image.open(top, false, true)) {
            refused(image, bytes(MORE_SECTORS), "backing file is longer");
        }
    }

    private static void refused(Qcow2Image image, long byteLength, String reason) {
        assertThatThrownBy(() -> image.grow(byteLength)).isInstanceOf(DiskSizeException.class).hasMessageContaining(reason);
    }
}
