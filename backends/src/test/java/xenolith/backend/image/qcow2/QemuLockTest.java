package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.DiskInUseException;
import xenolith.backend.image.RawImage;

/// Images that both QEMU and we are asked to use.
class QemuLockTest {
    @TempDir
    private Path directory;
    private Path raw;

    @BeforeEach
    void makeImage() throws IOException {
        Qemu.require();
        raw = Files.write(directory.resolve("disk.img"), new byte[1 << 20]);
    }

    @Test
    void qemuDoesNotWriteWhatWeWrite() throws Exception {
        String[] write = {"qemu-io", "-f", "raw", "-c", "write 0 512", raw.toString()};
        try (DiskImage ours = RawImage.open(raw, false)) {
            assertThat(Qemu.refusal(write)).contains("lock");
            assertThat(ours.sectorCount()).isEqualTo(2048);
        }
        end(Qemu.hold(raw, false));
    }

    @Test
    void qemuReadsWhatWeReadAndDoesNotWriteIt() {
        try (DiskImage ours = RawImage.open(raw, true)) {
            assertThat(ours.isReadOnly()).isTrue();
            assertThat(Qemu.img("info", "-f", "raw", raw.toString())).contains("virtual size: 1 MiB");
            assertThat(Qemu.refusal("qemu-io", "-f", "raw", "-c", "write 0 512", raw.toString())).contains("lock");
        }
    }

    @Test
    void weDoNotOpenWhatQemuWrites() throws Exception {
        Process qemu = Qemu.hold(raw, false);
        try {
            assertThatThrownBy(() -> RawImage.open(raw, false)).isInstanceOf(DiskInUseException.class)
                    .hasMessage(raw + " is in use by another disk or program");
            assertThatThrownBy(() -> RawImage.open(raw, true)).isInstanceOf(DiskInUseException.class);
        } finally {
            end(qemu);
        }
        RawImage.open(raw, false).close();
    }

    @Test
    void weReadWhatQemuReads() throws Exception {
        Process qemu = Qemu.hold(raw, true);
        try (DiskImage ours = RawImage.open(raw, true)) {
            assertThat(ours.sectorCount()).isEqualTo(2048);
        } finally {
            end(qemu);
        }
    }

    @Test
    void whatLiesBehindAnImageIsReadOnly() {
        Path top = directory.resolve("top.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-b", raw.toString(), "-F", "raw", top.toString());
        try (DiskImage ours = Qcow2Image.open(top, false, true)) {
            assertThat(ours.isReadOnly()).isFalse();
            assertThat(Qemu.refusal("qemu-img", "info", "-f", "qcow2", top.toString())).contains("write\" lock");
            assertThat(Qemu.img("info", "-U", "-f", "qcow2", top.toString())).contains("virtual size: 1 MiB");
            assertThat(Qemu.img("info", "-f", "raw", raw.toString())).contains("virtual size: 1 MiB");
        }
    }

    private static void end(Process qemu) throws Exception {
        qemu.outputWriter().close();
        assertThat(qemu.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(qemu.exitValue()).isZero();
    }
}
