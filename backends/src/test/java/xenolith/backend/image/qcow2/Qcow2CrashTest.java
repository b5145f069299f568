package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The power is cut at every sync of a storage that has kept any part of what was written since the one before. What
/// is there then is a sound image, but for leaks, that holds all that a flush has acknowledged.
class Qcow2CrashTest {
    private static final int SECTORS = 4096;
    private static final int CAPACITY = 32 << 20;

    @TempDir
    private Path folder;
    private Stamps stamps;
    private Random random;
    private int cuts;

    @BeforeEach
    void needsQemu() {
        Qemu.require();
    }

    private Path image(String options) {
        Path image = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", options, image.toString(), SECTORS * Stamps.SECTOR + "");
        return image;
    }

    private FragileStorage storage(Path image, int seed) throws IOException {
        stamps = new Stamps(SECTORS);
        random = new Random(seed);
        return new FragileStorage(Files.readAllBytes(image), CAPACITY, seed);
    }

    private static Qcow2Image open(Storage storage, boolean readOnly) {
        return Qcow2Image.open(Path.of("image"), storage, readOnly, new BackingChain(true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=65536", "cluster_size=4096", "cluster_size=512", "cluster_size=512,refcount_bits=64",
        "cluster_size=1024,compat=0.10"})
    void aPowerCutLosesNothingThatAFlushAcknowledged(String options) throws IOException {
        FragileStorage storage = storage(image(options), options.hashCode());
        storage.beforeSync(_ -> cut(storage));
        try (Qcow2Image image = open(storage, false)) {
            work(image, 400);
        }
        assertThat(cuts).isGreaterThan(20);
        storage.save(folder.resolve("end.qcow2"));
        Qemu.check(folder.resolve("end.qcow2"), false);
    }

    @Test
    void aPowerCutLeavesASnapshotAlone() throws IOException {
        Path path = image("cluster_size=4096");
        stamps = new Stamps(SECTORS);
        random = new Random(5);
        try (Qcow2Image image = Qcow2Image.open(path, false, true)) {
            work(image, 60);
        }
        byte[] before = Qemu.contents(path);
        Qemu.img("snapshot", "-c", "kept", path.toString());
        FragileStorage storage = new FragileStorage(Files.readAllBytes(path), CAPACITY, 5);
        stamps.flushed(stamps.beforeFlush());
        storage.beforeSync(_ -> cut(storage));
        try (Qcow2Image image = open(storage, false)) {
            work(image, 150);
        }
        Path end = folder.resolve("end.qcow2");
        storage.save(end);
        Qemu.img("snapshot", "-a", "kept", end.toString());
        assertThat(Qemu.contents(end)).isEqualTo(before);
    }

    @Test
    void aFullStorageIsAnErrorAndNoDamage() throws IOException {
        FragileStorage storage = storage(image("cluster_size=4096"), 11);
        storage.room(storage.byteLength() + (600 << 10));
        int failures = 0;
        Qcow2Image image = open(storage, false);
        Disk disk = new Disk(image);
        for (int i = 0; i < 300; i++) {
            int sector = random.nextInt(SECTORS - 64);
            int count = 1 + random.nextInt(64);
            if (disk.tryWrite(stamps.write(sector, count), (long) sector * Stamps.SECTOR) < 0) {
                failures++;
                stamps.discard(sector, count);
            }
            long[] before = stamps.beforeFlush();
            if (image.flush() == 0) {
                stamps.flushed(before);
            }
            if (i % 10 == 0) {
                cut(storage);
            }
        }
        assertThat(failures).isPositive();
        storage.room(Long.MAX_VALUE);
        disk.write(stamps.write(0, SECTORS), 0);
        disk.flush();
        stamps.flushed(stamps.beforeFlush());
        cut(storage);
        image.close();
    }

    /// What is freed by a discard is given back to the host, and used again.
    @Test
    void whatIsDiscardedIsUsedAgain() throws IOException {
        FragileStorage storage = storage(image("cluster_size=4096"), 12);
        try (Qcow2Image image = open(storage, false)) {
            Disk disk = new Disk(image);
            disk.write(stamps.write(0, SECTORS), 0);
            disk.flush();
            long length = storage.byteLength();
            for (int i = 0; i < 10; i++) {
                assertThat(image.discard(0, (long) SECTORS * Stamps.SECTOR)).isZero();
                disk.flush();
                disk.write(stamps.write(0, SECTORS), 0);
                disk.flush();
            }
            assertThat(storage.byteLength()).isEqualTo(length);
            assertThat(storage.punched()).isGreaterThanOrEqualTo(10 * SECTORS * Stamps.SECTOR);
        }
    }

    private void work(Qcow2Image image, int count) {
        Disk disk = new Disk(image);
        for (int i = 0; i < count; i++) {
            int sector = random.nextInt(SECTORS);
            int sectors = Math.min(SECTORS - sector, 1 + random.nextInt(random.nextInt(6) == 0 ? 1000 : 40));
            switch (random.nextInt(8)) {
                case 0 -> {
                    long[] before = stamps.beforeFlush();
                    disk.flush();
                    stamps.flushed(before);
                }
                case 1 -> {
                    stamps.discard(sector, sectors);
                    assertThat(image.discard((long) sector * Stamps.SECTOR, (long) sectors * Stamps.SECTOR)).isZero();
                }
                case 2 -> stamps.check(sector, disk.read((long) sector * Stamps.SECTOR, sectors * Stamps.SECTOR), false);
                default -> disk.write(stamps.write(sector, sectors), (long) sector * Stamps.SECTOR);
            }
        }
    }

    /// Looks at what a power cut now would leave.
    private void cut(FragileStorage storage) {
        cuts++;
        byte[] left = storage.afterPowerCut();
        try (Qcow2Image image = open(new FragileStorage(left, left.length, 0), true)) {
            stamps.check(0, new Disk(image).read(0, SECTORS * Stamps.SECTOR), true);
        }
        if (cuts % 4 == 0) {
            try {
                Qemu.check(Files.write(folder.resolve("cut.qcow2"), left), true);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
