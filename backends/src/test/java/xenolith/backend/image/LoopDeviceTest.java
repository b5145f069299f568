package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// Block devices, of which loop devices are those that anybody who is root can make.
@Timeout(60)
class LoopDeviceTest {
    private static final int BYTES = 8 << 20;

    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 20, 4096);
    private Path file;
    private Path device;

    @BeforeEach
    void aDeviceOverAFile() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/losetup")), "losetup is not installed");
        // Not in /tmp, which is often memory.
        file = Files.createTempFile(Files.createDirectories(Path.of("target")), "loop", null);
        byte[] contents = new byte[BYTES];
        Arrays.fill(contents, (byte) 7);
        Files.write(file, contents);
        Process losetup = new ProcessBuilder("/usr/sbin/losetup", "--find", "--show", file.toString())
                .redirectErrorStream(true).start();
        String answer = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (losetup.waitFor() != 0) {
            abort("no loop device can be made here: " + answer);
        }
        device = Path.of(answer);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        if (device != null) {
            assertThat(new ProcessBuilder("/usr/sbin/losetup", "--detach", device.toString()).start()
                    .waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
        if (file != null) {
            Files.delete(file);
        }
    }

    private Iovec piece(long length) {
        Iovec pieces = new Iovec(1);
        pieces.add(memory, 0, length);
        return pieces;
    }

    private long kibibytesInUse() throws IOException {
        Process du = new ProcessBuilder("du", "-k", file.toString()).start();
        return Long.parseLong(new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\\s")[0]);
    }

    @Test
    void whatIsDiscardedIsRoomForTheHostAgain() throws IOException {
        try (DiskImage disk = RawImage.open(device, false)) {
            assertThat(disk.sectorCount()).isEqualTo(BYTES / 512);
            long before = kibibytesInUse();
            assertThat(disk.discard(1 << 20, 4 << 20)).isZero();
            assertThat(disk.flush()).isZero();
            assertThat(kibibytesInUse()).isEqualTo(before - 4096);
            assertThat(disk.read(piece(4096), 4 << 20)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isZero();
            assertThat(disk.read(piece(4096), 5 << 20)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
        }
    }

    @Test
    void itIsReadAndWrittenDirectlyAndSideBySide() {
        try (DiskImage disk = RawImage.openDirect(device, false); HostTransfers host = new HostTransfers(4)) {
            assertThatThrownBy(() -> RawImage.open(device, true)).isInstanceOf(DiskInUseException.class);
            memory.fill((byte) 9);
            assertThat(disk.write(piece(1 << 20), 2 << 20)).isZero();
            memory.fill((byte) 0);
            Transfer[] transfers = new Transfer[4];
            for (int i = 0; i < 4; i++) {
                transfers[i] = new Transfer(i, 1);
                transfers[i].pieces().add(memory, i * 4096L, 4096);
                transfers[i].prepare(false, (1 << 20) + i * (512L << 10));
                assumeTrue(disk.begin(transfers[i], host), "no asynchronous calls here");
            }
            host.submit();
            for (int over = 0; over < 4;) {
                Transfer one = host.finished();
                if (one == null) {
                    assertThat(host.await(1, 10_000_000_000L)).isTrue();
                    continue;
                }
                assertThat(one.result()).isZero();
                assertThat(memory.get(ValueLayout.JAVA_BYTE, one.number() * 4096L))
                        .isEqualTo((byte) (one.number() < 2 ? 7 : 9));
                over++;
            }
        } catch (HostException e) {
            abort("no direct I/O with a loop device here: " + e.getMessage());
        }
    }
}
