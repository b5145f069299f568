package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.posix.Fd;

/// A process that writes is killed, as by `kill -9`, again and again over one image.
class Qcow2KillTest {
    private static final int ROUNDS = 6;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=65536", "cluster_size=2048"})
    void aKilledWriterLeavesASoundImageWithAllThatWasFlushed(String options) throws Exception {
        Qemu.require();
        Path image = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", options, image.toString(), KilledWriter.SECTORS * Stamps.SECTOR + "");
        Stamps stamps = new Stamps(KilledWriter.SECTORS, 1);
        Random random = new Random(options.hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            Path diary = folder.resolve("diary" + round);
            writeAndKill(image, diary, round, stamps.next(), 40 + random.nextInt(1500));
            replay(stamps, new Random(round), ints(diary));
            Qemu.check(image, true);
            byte[] left = Qemu.contents(image);
            stamps.check(0, left, true);
            stamps.adopt(left);
        }
    }

    private void writeAndKill(Path image, Path diary, int seed, long stamp, int entries)
            throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process writer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-cp", classPath(), KilledWriter.class.getName(),
                image.toString(), diary.toString(), Integer.toString(seed), Long.toString(stamp))
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            while (!Files.exists(diary) || Files.size(diary) < 4L * entries) {
                assertThat(writer.isAlive()).as("the writer has ended: %s", Files.readString(output)).isTrue();
                Thread.sleep(1);
            }
        } finally {
            writer.destroyForcibly().waitFor();
        }
    }

    private static String classPath() {
        return Stream.of(KilledWriter.class, Qcow2Image.class, Fd.class, ZstdJavaDecompressor.class, Assertions.class)
                .map(Qcow2KillTest::home).distinct().collect(Collectors.joining(File.pathSeparator));
    }

    private static String home(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static IntBuffer ints(Path diary) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(diary)).asIntBuffer();
    }

    /// What the diary says was begun, and what of it was acknowledged.
    private static void replay(Stamps stamps, Random random, IntBuffer diary) {
        long[] before = null;
        while (diary.hasRemaining()) {
            int entry = diary.get();
            if (entry < 0) {
                stamps.flushed(before);
                continue;
            }
            KilledWriter.Step step = KilledWriter.Step.next(random);
            switch (step.kind()) {
                case KilledWriter.Step.FLUSH -> before = stamps.beforeFlush();
                case KilledWriter.Step.DISCARD -> stamps.discard(step.sector(), step.count());
                default -> stamps.write(step.sector(), step.count());
            }
        }
    }
}
