package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.image.BadImageException;

/// New images, of which QEMU thinks what we think.
class Qcow2CreatorTest {
    @TempDir
    private Path folder;

    @Test
    void aNewImageShowsItsBackingFile() throws IOException {
        Qemu.require();
        byte[] bytes = new byte[3 << 20];
        new Random(1).nextBytes(bytes);
        Path base = Files.write(folder.resolve("base.raw"), bytes);
        Path image = folder.resolve("new.qcow2");
        Qcow2Image.create(image, bytes.length, base, "raw");
        Qemu.check(image, false);
        assertThat(Qemu.contents(image)).isEqualTo(bytes);
        assertThat(Qemu.img("info", image.toString())).contains("backing file format: raw");
        assertThat(Qcow2Image.isOver(image, base)).isTrue();
        assertThat(Qcow2Image.isOver(image, image)).isFalse();
        try (Qcow2Image ours = Qcow2Image.open(image, false, true)) {
            new Disk(ours).write(new byte[5000 / 512 * 512], 1 << 20);
        }
        Arrays.fill(bytes, 1 << 20, (1 << 20) + 4608, (byte) 0);
        Qemu.check(image, false);
        assertThat(Qemu.contents(image)).isEqualTo(bytes);
        assertThatThrownBy(() -> Qcow2Image.create(image, 512, base, "raw")).hasMessageContaining("is there already");
    }

    @Test
    void anImageHasItsNameWhenItIsWholeAndNothingElseIsLeft() throws IOException {
        Path base = Files.write(folder.resolve("base.raw"), new byte[512]);
        Path image = folder.resolve("new.qcow2");
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Void> made = CompletableFuture.runAsync(() -> Qcow2Image.create(image, 1L << 45, base, "raw"));
            while (!Files.exists(image) && !made.isCompletedExceptionally()) {
                Thread.onSpinWait();
            }
            assertThat(Qcow2Image.isOver(image, base)).isTrue();
            assertThat(Files.size(image)).as("header, two tables, a block").isEqualTo((3 + 8) << 16);
            made.join();
            byte[] before = Files.readAllBytes(image);
            assertThatThrownBy(() -> Qcow2Image.create(image, 512, base, "raw")).hasMessageContaining("is there already");
            assertThat(Files.readAllBytes(image)).isEqualTo(before);
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files).containsExactlyInAnyOrder(base, image);
            }
            Files.delete(image);
        }
        assertThatThrownBy(() -> Qcow2Image.create(folder.resolve("none/new.qcow2"), 512, base, "raw"))
                .isInstanceOf(BadImageException.class).hasMessageContaining("cannot be made");
    }
}
