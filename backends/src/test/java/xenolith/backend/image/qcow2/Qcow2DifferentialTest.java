package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// We and QEMU do things to one image in turn, and agree on what it holds.
class Qcow2DifferentialTest {
    private static final int SIZE = 3 << 20;
    private static final int SECTOR = 512;

    @TempDir
    private Path folder;
    private final byte[] expected = new byte[SIZE];
    private Random random;

    @BeforeEach
    void needsQemu() {
        Qemu.require();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=65536", "cluster_size=512,refcount_bits=1", "cluster_size=4096,refcount_bits=64",
        "cluster_size=2M,lazy_refcounts=on", "cluster_size=1024,refcount_bits=2", "cluster_size=8192,refcount_bits=4",
        "cluster_size=64K,refcount_bits=8", "cluster_size=64K,refcount_bits=32", "compat=0.10,cluster_size=4096",
        "cluster_size=16384,preallocation=metadata", "cluster_size=4096,preallocation=falloc"})
    void anImageOfItsOwn(String options) throws IOException {
        Path image = folder.resolve("own.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", options, image.toString(), Integer.toString(SIZE));
        inTurns(image, options.hashCode(), !options.contains("refcount_bits=1") || options.contains("refcount_bits=16"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw 65536 1.1", "qcow2 4096 1.1", "raw 512 0.10", "qcow2 65536 0.10"})
    void anImageOverAShorterOne(String words) throws IOException {
        String[] word = words.split(" ");
        Path raw = folder.resolve("base.raw");
        random = new Random(words.hashCode());
        byte[] base = new byte[SIZE - (300 << 10)];
        random.nextBytes(base);
        Files.write(raw, base);
        System.arraycopy(base, 0, expected, 0, base.length);
        Path behind = folder.resolve("base." + word[0]);
        if (!word[0].equals("raw")) {
            Qemu.img("convert", "-c", "-f", "raw", "-O", "qcow2", raw.toString(), behind.toString());
        }
        Path image = folder.resolve("top.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-F", word[0], "-b", "base." + word[0], "-o",
                "cluster_size=" + word[1] + ",compat=" + word[2], image.toString(), Integer.toString(SIZE));
        inTurns(image, words.hashCode(), true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"compression_type=zlib", "compression_type=zstd", "compression_type=zstd,cluster_size=2M",
        "compression_type=zlib,cluster_size=512"})
    void anImageOfCompressedClusters(String options) throws IOException {
        random = new Random(options.hashCode());
        Path raw = folder.resolve("plain.raw");
        // Half of it text-like, for what cannot be packed is stored as it is.
        for (int i = 0; i < SIZE; i++) {
            expected[i] = (byte) (i % 8192 < 6000 ? "xenolith".charAt(i / 700 % 8) : random.nextInt());
        }
        Files.write(raw, expected);
        Path image = folder.resolve("packed.qcow2");
        Qemu.img("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw.toString(), image.toString());
        try (Qcow2Image ours = Qcow2Image.open(image, true, true)) {
            assertThat(new Disk(ours).read(0, SIZE)).isEqualTo(expected);
        }
        inTurns(image, options.hashCode(), true);
    }

    private void inTurns(Path image, int seed, boolean snapshots) throws IOException {
        random = new Random(seed);
        byte[] snapshot = null;
        for (int round = 0; round < 6; round++) {
            ours(image);
            Qemu.check(image, false);
            assertThat(firstDifference(Qemu.contents(image), expected)).as("what QEMU reads, round %s", round).isEqualTo(-1);
            if (round == 2 && snapshots) {
                Qemu.img("snapshot", "-c", "before", image.toString());
                snapshot = expected.clone();
            }
            theirs(image);
        }
        ours(image);
        Qemu.check(image, false);
        if (snapshot != null) {
            Qemu.img("snapshot", "-a", "before", image.toString());
            assertThat(firstDifference(Qemu.contents(image), snapshot)).as("the snapshot").isEqualTo(-1);
            Qemu.img("snapshot", "-d", "before", image.toString());
            Qemu.check(image, false);
        }
    }

    /// Where two disks differ, or -1; a raw file may lack zeros at its end.
    private static int firstDifference(byte[] one, byte[] other) {
        return Arrays.mismatch(Arrays.copyOf(one, SIZE), other);
    }

    private void ours(Path path) {
        try (Qcow2Image image = Qcow2Image.open(path, false, true)) {
            Disk disk = new Disk(image);
            for (int i = 0; i < 60; i++) {
                int offset = random.nextInt(SIZE / SECTOR) * SECTOR;
                int most = random.nextInt(8) == 0 ? 1 << 20 : 48 << 10;
                int length = Math.min(SIZE - offset, (1 + random.nextInt(most / SECTOR)) * SECTOR);
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3 -> {
                        byte[] bytes = new byte[length];
                        random.nextBytes(bytes);
                        disk.write(bytes, offset);
                        System.arraycopy(bytes, 0, expected, offset, length);
                    }
                    case 4 -> discard(image, disk, offset, length);
                    case 5 -> disk.flush();
                    default -> assertThat(disk.read(offset, length)).as("%s bytes at %s", length, offset)
                            .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
                }
            }
            assertThat(firstDifference(disk.read(0, SIZE), expected)).as("what we read").isEqualTo(-1);
        }
    }

    /// What is discarded may read as anything; what is beside it may not.
    private void discard(Qcow2Image image, Disk disk, int offset, int length) {
        assertThat(image.discard(offset, length)).isZero();
        System.arraycopy(disk.read(offset, length), 0, expected, offset, length);
    }

    private void theirs(Path image) {
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int offset = random.nextInt(SIZE / SECTOR) * SECTOR;
            int length = Math.min(SIZE - offset, (1 + random.nextInt(200)) * SECTOR);
            int pattern = 1 + random.nextInt(255);
            boolean zero = random.nextInt(4) == 0;
            commands.add(zero ? "write -q -z " + offset + ' ' + length
                    : "write -q -P " + pattern + ' ' + offset + ' ' + length);
            Arrays.fill(expected, offset, offset + length, (byte) (zero ? 0 : pattern));
        }
        Qemu.io(image, commands);
    }
}
