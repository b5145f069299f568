package xenolith.posix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// [Fd], and how errors reach Java.
class FdTest {
    private static final int ERRNO_ROUNDS = 20_000;

    @Test
    void readAndWriteMoveBytes(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "hello");
        try (Fd fd = Fd.open(file.toString(), Fd.O_RDWR); Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(16);
            assertThat(fd.read(buffer, 2)).isEqualTo(2);
            assertThat(fd.read(buffer.asSlice(2), 14)).isEqualTo(3);
            assertThat(fd.read(buffer, 16)).isZero();
            assertThat(buffer.getString(0)).isEqualTo("hello");
            buffer.setString(0, "!");
            assertThat(fd.write(buffer, 1)).isEqualTo(1);
            assertThat(fd.pread(buffer, 3, 3)).isEqualTo(3);
            assertThat(buffer.getString(0, StandardCharsets.US_ASCII)).startsWith("lo!");
        }
        assertThat(file).hasContent("hello!");
    }

    @Test
    void aMissingFileIsNamedInTheMessage() {
        assertThatThrownBy(() -> Fd.open("/dev/no-such-device", Fd.O_RDWR)).isInstanceOf(HostException.class)
                .hasMessage("/dev/no-such-device: ENOENT (No such file or directory)");
    }

    @Test
    void aClosedDescriptorNeverReachesANewFileOfTheSameNumber() {
        Fd closed = Memfd.create("first", 4096);
        int number = closed.raw();
        closed.close();
        try (Fd next = Memfd.create("second", 4096); Arena arena = Arena.ofConfined()) {
            assertThat(next.raw()).isEqualTo(number);
            closed.close();
            assertThat(next.write(arena.allocate(1), 1)).isEqualTo(1);
            assertThat(closed.raw()).isEqualTo(-1);
            assertThatThrownBy(() -> closed.read(arena.allocate(1), 1)).isInstanceOf(HostException.class)
                    .hasMessage("read: EBADF (Bad file descriptor)");
        }
    }

    @Test
    void aReadMayNotRunPastItsBuffer() {
        try (Fd fd = Memfd.create("test", 4096); Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(8);
            assertThatThrownBy(() -> fd.read(buffer, 9)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> fd.read(buffer, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void theKernelGetsNoBufferThatFfmWouldRefuse() {
        try (Fd fd = Memfd.create("test", 4096); Arena arena = Arena.ofConfined()) {
            MemorySegment heap = MemorySegment.ofArray(new byte[8]);
            MemorySegment readOnly = arena.allocate(8).asReadOnly();
            Arena closed = Arena.ofConfined();
            MemorySegment freed = closed.allocate(8);
            closed.close();
            assertThatThrownBy(() -> fd.read(heap, 8)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> fd.pread(readOnly, 8, 0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> fd.write(freed, 8)).isInstanceOf(IllegalStateException.class);
            assertThat(fd.write(readOnly, 8)).isEqualTo(8);
        }
    }

    @Test
    void anIoctlOnTheWrongFileIsRefused() {
        try (Fd fd = Memfd.create("test", 4096)) {
            assertThat(fd.ioctl(CallState.ofThread(), 0x5401, 0)).isEqualTo(-Errno.ENOTTY);
        }
    }

    @Test
    void twoThreadsNeverSeeEachOthersErrno() {
        try (Fd fd = Memfd.create("test", 4096)) {
            CompletableFuture<Void> other = CompletableFuture.runAsync(() -> expect(fd, -Errno.ENOTTY));
            Fd closed = Memfd.create("closed", 4096);
            closed.close();
            expect(closed, -Errno.EBADF);
            other.join();
        }
    }

    private static void expect(Fd fd, int errno) {
        for (int i = 0; i < ERRNO_ROUNDS; i++) {
            assertThat(fd.ioctl(CallState.ofThread(), 0x5401, 0)).isEqualTo(errno);
        }
    }

    @Test
    void aHostExceptionKeepsItsCallAndItsNumber() {
        HostException e = new HostException("KVM_CREATE_VM", Errno.EPERM);
        assertThat(e).hasMessage("KVM_CREATE_VM: EPERM (Operation not permitted)");
        assertThat(e.call()).isEqualTo("KVM_CREATE_VM");
        assertThat(e.errno()).isEqualTo(1);
        assertThat(HostException.check("call", 5)).isEqualTo(5);
        assertThatThrownBy(() -> HostException.check("call", -11L)).hasMessageStartingWith("call: EAGAIN");
    }

    @Test
    void anUnknownErrorNumberIsStillANumber() {
        assertThat(Errno.name(0)).isEqualTo("errno 0");
        assertThat(Errno.name(41)).isEqualTo("errno 41");
        assertThat(Errno.name(4711)).isEqualTo("errno 4711");
    }

    @Test
    void aCallStateHasRoomForItsScratch() {
        MemorySegment scratch = new CallState().scratch();
        scratch.set(JAVA_BYTE, scratch.byteSize() - 1, (byte) 1);
        assertThat(scratch.byteSize()).isGreaterThanOrEqualTo(128 + 64);
        assertThat(scratch.address() % 16).isZero();
    }
}
