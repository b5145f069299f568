package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A guest that discards more at each flush, and more scattered, than one flush cuts out of the file.
@Timeout(120)
class ScatteredFreesTest {
    private static final int CLUSTER = Stamps.SECTOR;
    private static final int CLUSTERS = 16_384;
    /// Three disks' worth more than those that may wait, [Frees].
    private static final int MOST_CLUSTERS = (1 << 16) + 3 * CLUSTERS;
    private static final int ROUNDS = 10;

    @TempDir
    private Path folder;

    @Test
    void theFileDoesNotGrowForEver() throws IOException {
        Qemu.require();
        Path path = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "cluster_size=" + CLUSTER, path.toString(), CLUSTERS * CLUSTER + "");
        FragileStorage storage = new FragileStorage(Files.readAllBytes(path), MOST_CLUSTERS * CLUSTER, 1);
        Stamps stamps = new Stamps(CLUSTERS);
        try (Qcow2Image image = Qcow2Image.open(Path.of("image"), storage, false, new BackingChain(true))) {
            Disk disk = new Disk(image);
            for (int round = 0; round < ROUNDS; round++) {
                disk.write(stamps.write(0, CLUSTERS), 0);
                discardEveryOther(image, 0);
                disk.flush();
                discardEveryOther(image, 1);
                disk.flush();
            }
            disk.write(stamps.write(0, CLUSTERS), 0);
            stamps.check(0, disk.read(0, CLUSTERS * CLUSTER), false);
        }
        Path end = folder.resolve("end.qcow2");
        storage.save(end);
        Qemu.check(end, true);
    }

    private static void discardEveryOther(Qcow2Image image, int first) {
        for (int cluster = first; cluster < CLUSTERS; cluster += 2) {
            assertThat(image.discard((long) cluster * CLUSTER, CLUSTER)).isZero();
        }
    }
}
