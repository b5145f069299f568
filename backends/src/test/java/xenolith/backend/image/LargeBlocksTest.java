package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.Fd;

/// Files on storage that reads and writes nothing smaller than 4096 bytes: a file system on a loop device of such sectors,
/// which root can make.
@Timeout(60)
class LargeBlocksTest {
    private static final int BYTES = 16 << 20;

    private Path folder;
    private String device;
    private boolean mounted;

    @BeforeEach
    void aFileSystem() throws Exception {
        folder = Files.createTempDirectory(Files.createDirectories(Path.of("target").toAbsolutePath()), "blocks");
        Path file = folder.resolve("storage");
        try (FileChannel storage = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            storage.write(ByteBuffer.allocate(1), BYTES - 1);
        }
        device = run("/usr/sbin/losetup", "--find", "--show", "--sector-size", "4096", file.toString());
        run("/usr/sbin/mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", device);
        Files.createDirectory(folder.resolve("disks"));
        run("/usr/bin/mount", device, folder.resolve("disks").toString());
        mounted = true;
    }

    private static String run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() == 0) {
                return answer;
            }
            return abort(String.join(" ", command) + " cannot be done here: " + answer);
        } catch (IOException e) {
            return abort("not installed: " + e.getMessage());
        }
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        Path disks = folder.resolve("disks");
        if (mounted) {
            end("/usr/bin/umount", disks.toString());
        }
        if (device != null) {
            end("/usr/sbin/losetup", "--detach", device);
        }
        Files.deleteIfExists(disks);
        Files.deleteIfExists(folder.resolve("storage"));
        Files.delete(folder);
    }

    private static void end(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
    }

    @Test
    void aDiskHasTheStoragesSectorsThoughItBeginsWithAHole() throws IOException {
        Path disk = folder.resolve("disks").resolve("disk.img");
        try (FileChannel contents = FileChannel.open(disk, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            contents.write(ByteBuffer.allocate(1 << 16), 1 << 20);
        }
        try (DiskImage image = RawImage.openDirect(disk, false)) {
            assertThat(image.logicalSectorBytes()).isEqualTo(4096);
        }
        try (Fd fd = Fd.open(disk.toString(), Fd.O_RDONLY | Fd.O_DIRECT)) {
            assertThat(DirectBlocks.found(fd, disk, true)).as("where the host does not tell").isEqualTo(4096);
        }
        try (FileChannel contents = FileChannel.open(disk, StandardOpenOption.WRITE)) {
            contents.truncate(0);
            contents.write(ByteBuffer.allocate(1), (1 << 20) - 1);
            contents.truncate(1 << 19).force(true);
        }
        try (Fd fd = Fd.open(disk.toString(), Fd.O_RDWR | Fd.O_DIRECT)) {
            assertThat(DirectBlocks.found(fd, Path.of("/proc/version"), false)).as("empty, and no file can be beside it")
                    .isEqualTo(4096);
        }
        try (DiskImage image = RawImage.openDirect(Path.of(device), true)) {
            assertThat(image.logicalSectorBytes()).as("the device itself").isEqualTo(4096);
        }
    }
}
