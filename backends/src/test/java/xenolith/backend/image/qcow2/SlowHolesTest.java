package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a guest has discarded is cut out of the file by a host that takes its time.
@Timeout(60)
class SlowHolesTest {
    private static final int SECTOR = Stamps.SECTOR;
    private static final int SECTORS = 4096;
    private static final int CLUSTERS = 2048;
    private static final int CLUSTER = SECTORS / CLUSTERS * SECTOR;

    @TempDir
    private Path folder;
    private FragileStorage storage;
    private Disk disk;
    private final Stamps stamps = new Stamps(SECTORS);

    @BeforeEach
    void aFullDisk() throws IOException {
        Qemu.require();
        Path path = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=" + CLUSTER, path.toString(), SECTORS * SECTOR + "");
        storage = new FragileStorage(Files.readAllBytes(path), 32 << 20, 1);
    }

    private Qcow2Image full() {
        Qcow2Image image = Qcow2Image.open(Path.of("image"), storage, false, new BackingChain(true));
        disk = new Disk(image);
        disk.write(stamps.write(0, SECTORS), 0);
        disk.flush();
        return image;
    }

    @Test
    void nobodyElseWaitsForAHoleAndNothingNewIsCutOutWithTheOld() throws Exception {
        CountDownLatch punching = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicBoolean first = new AtomicBoolean(true);
        try (Qcow2Image image = full()) {
            storage.beforePunch(() -> {
                if (first.getAndSet(false)) {
                    punching.countDown();
                    await(goOn);
                }
            });
            assertThat(image.discard(0, (long) SECTORS * SECTOR)).isZero();
            CompletableFuture<Void> flush = begin(disk::flush);
            await(punching);
            Disk other = new Disk(image);
            begin(() -> {
                other.write(stamps.write(0, SECTORS), 0);
                other.flush();
                stamps.check(0, other.read(0, SECTORS * SECTOR), false);
            }).get(10, TimeUnit.SECONDS);
            assertThat(flush).isNotDone();
            goOn.countDown();
            flush.get(10, TimeUnit.SECONDS);
            stamps.check(0, other.read(0, SECTORS * SECTOR), false);
        }
        storage.save(folder.resolve("end.qcow2"));
        Qemu.check(folder.resolve("end.qcow2"), true);
    }

    @Test
    void neighboursAreCutOutTogetherInWhateverOrderTheyCame() {
        try (Qcow2Image image = full()) {
            for (int cluster = CLUSTERS - 1; cluster >= 0; cluster--) {
                assertThat(image.discard((long) cluster * CLUSTER, CLUSTER)).isZero();
            }
            disk.flush();
            assertThat(storage.punched()).isGreaterThanOrEqualTo(SECTORS * SECTOR);
            assertThat(storage.punches()).isLessThan(CLUSTERS / 16);
        }
    }

    @Test
    void oneFlushDoesNotCutOutAllThatLiesScattered() {
        try (Qcow2Image image = full()) {
            for (int cluster = 0; cluster < CLUSTERS; cluster += 2) {
                assertThat(image.discard((long) cluster * CLUSTER, CLUSTER)).isZero();
            }
            disk.flush();
            assertThat(storage.punches()).isBetween(200, 300);
            disk.flush();
            assertThat(storage.punches()).as("the next goes on").isBetween(450, 600);
        }
        assertThat(storage.punches()).as("whoever closes it waits").isGreaterThanOrEqualTo(CLUSTERS / 2);
    }

    private static CompletableFuture<Void> begin(Runnable task) {
        return CompletableFuture.runAsync(task, each -> Thread.ofPlatform().daemon().start(each));
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
