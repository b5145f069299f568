package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Several queues write side by side into the same clusters, flush and discard, and the power is cut now and then.
class Qcow2ThreadsTest {
    private static final int SECTORS = 8192;
    private static final int THREADS = 4;
    /// Each thread has every fourth piece of so many sectors to itself: less than a cluster, or two.
    private static final int PIECE = 16;

    @TempDir
    private Path folder;
    private final Stamps stamps = new Stamps(SECTORS);
    private final AtomicInteger syncs = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(ints = {65536, 4096})
    void threadsThatShareClustersLoseNothing(int clusterBytes) throws IOException, InterruptedException, ExecutionException {
        Qemu.require();
        Path path = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=" + clusterBytes, path.toString(),
                SECTORS * Stamps.SECTOR + "");
        FragileStorage storage = new FragileStorage(Files.readAllBytes(path), 64 << 20, 1);
        storage.beforeSync(this::cutNowAndThen);
        try (Qcow2Image image = Qcow2Image.open(path, storage, false, new BackingChain(true));
                ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                threads.add(executor.submit(() -> work(image, thread)));
            }
            for (Future<?> thread : threads) {
                thread.get();
            }
        }
        storage.save(path);
        Qemu.check(path, false);
        stamps.check(0, Qemu.contents(path), false);
    }

    private void work(Qcow2Image image, int thread) {
        Disk disk = new Disk(image);
        Random random = new Random(thread);
        for (int i = 0; i < 250; i++) {
            int sector = (random.nextInt(SECTORS / PIECE / THREADS) * THREADS + thread) * PIECE;
            int skip = random.nextInt(PIECE);
            int count = 1 + random.nextInt(PIECE - skip);
            switch (random.nextInt(12)) {
                case 0 -> {
                    long[] before = stamps.beforeFlush(thread, THREADS, PIECE);
                    disk.flush();
                    stamps.flushed(before);
                }
                case 1, 2 -> {
                    stamps.discard(sector, PIECE);
                    assertThat(image.discard((long) sector * Stamps.SECTOR, PIECE * Stamps.SECTOR)).isZero();
                }
                case 3, 4, 5 -> stamps.check(sector, disk.read((long) sector * Stamps.SECTOR, PIECE * Stamps.SECTOR), false);
                default -> disk.write(stamps.write(sector + skip, count), (long) (sector + skip) * Stamps.SECTOR);
            }
        }
    }

    private void cutNowAndThen(FragileStorage storage) {
        if (syncs.getAndIncrement() % 25 != 0) {
            return;
        }
        byte[] left = storage.afterPowerCut();
        try (Qcow2Image image = Qcow2Image.open(Path.of("image"), new FragileStorage(left, left.length, 0), true,
                new BackingChain(true))) {
            stamps.check(0, new Disk(image).read(0, SECTORS * Stamps.SECTOR), true);
        }
        try {
            Qemu.check(Files.write(folder.resolve("cut.qcow2"), left), true);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
