package xenolith.tool.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.image.DiskImage;
import xenolith.tool.input.BadInputException;

class DiskImagesTest {
    @TempDir
    private Path folder;
    private Path base;

    @BeforeEach
    void aBase() throws Exception {
        byte[] bytes = new byte[64 << 10];
        new Random(1).nextBytes(bytes);
        base = Files.write(folder.resolve("base.img"), bytes);
    }

    private DiskImage open(String words) {
        return DiskImages.open(DiskConfig.parse(words + ",dev=xvda", folder));
    }

    private void isRefused(String words, String message) {
        assertThatThrownBy(() -> open(words)).isInstanceOf(BadInputException.class).hasMessageContaining(message);
    }

    @Test
    void anOverlayThatIsKeptIsMadeOnceAndUsedAgain() {
        for (int i = 0; i < 2; i++) {
            try (DiskImage image = open("path=base.img,cow=top.qcow2")) {
                assertThat(image.sectorCount()).isEqualTo(128);
                assertThat(image.isReadOnly()).isFalse();
            }
        }
        try (DiskImage image = open("path=top.qcow2,format=qcow2,ro")) {
            assertThat(image.sectorCount()).isEqualTo(128);
        }
        isRefused("path=top.qcow2,format=qcow2,no-backing", "has a backing file");
        isRefused("path=top.qcow2,format=qcow2,cow=base.img", "is no qcow2 image");
    }

    @Test
    void anOverlayThatIsThrownAwayLeavesTheBaseToOthers() {
        try (DiskImage one = open("path=base.img,cow"); DiskImage two = open("path=base.img,cow,no-discard")) {
            assertThat(one.canDiscard()).isTrue();
            assertThat(two.canDiscard()).isFalse();
            isRefused("path=base.img", "in use by another disk");
        }
    }

    @Test
    void extentsAreReadFromTheirTable() throws Exception {
        Files.writeString(folder.resolve("table"), "0 8 r 0 base.img\n8 8 rw 64 base.img\n");
        try (DiskImage image = open("path=table,format=extents")) {
            assertThat(image.sectorCount()).isEqualTo(16);
        }
        isRefused("path=base.img,format=extents", "base.img");
        isRefused("path=table,format=extents,cow=x.qcow2", "raw or qcow2 only");
        isRefused("path=base.img,format=qcow2", "is no qcow2 image");
        Files.write(folder.resolve("empty"), new byte[100]);
        isRefused("path=empty", "is empty");
    }
}
