package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class AsyncIoTest {
    private static final int MOST = 4;
    private static final long LONG_NS = 10_000_000_000L;

    private final MemorySegment memory = Arena.ofAuto().allocate(64);

    @TempDir
    private Path folder;
    private Path file;
    private Fd fd;
    private AsyncIo io;

    @BeforeEach
    void aFileOfSixteenLetters() throws IOException {
        file = Files.writeString(folder.resolve("disk"), "abcdefghijklmnop");
        fd = Fd.open(file.toString(), Fd.O_RDWR);
        try {
            io = AsyncIo.open(MOST);
        } catch (HostException e) {
            abort("no asynchronous calls here: " + e.getMessage());
        }
    }

    @AfterEach
    void closeThem() {
        if (io != null) {
            io.close();
        }
        fd.close();
    }

    private Iovec piece(MemorySegment in, long offset, long length) {
        Iovec pieces = new Iovec(1);
        pieces.add(in, offset, length);
        return pieces;
    }

    private String text(int from, int length) {
        return new String(memory.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    /// The result of the transfer in `slot` among `count` that are over.
    private long result(int slot, int count) {
        for (int i = 0; i < count; i++) {
            if (io.slot(i) == slot) {
                return io.result(i);
            }
        }
        throw new AssertionError("slot=" + slot + " is not over");
    }

    @Test
    void eachTransferMovesWhatItNames() throws IOException {
        Iovec two = new Iovec(2);
        two.add(memory, 8, 2);
        two.add(memory, 32, 3);
        io.prepare(3, fd, false, two, 1);
        io.prepare(0, fd, false, piece(memory, 0, 4), 14);
        MemorySegment letters = Arena.ofAuto().allocateFrom("XYZ");
        io.prepare(1, fd, true, piece(letters, 0, 3), 10);
        assertThat(io.prepared()).isEqualTo(3);
        assertThat(io.firstPrepared()).isEqualTo(3);
        assertThat(io.submit()).isEqualTo(3);
        assertThat(io.prepared()).isZero();
        assertThat(io.take(3, LONG_NS)).isEqualTo(3);
        assertThat(result(3, 3)).isEqualTo(5);
        assertThat(result(0, 3)).as("the file ends").isEqualTo(2);
        assertThat(result(1, 3)).isEqualTo(3);
        assertThat(text(8, 2) + text(32, 3) + text(0, 2)).isEqualTo("bcdefop");
        assertThat(Files.readString(file)).isEqualTo("abcdefghijXYZnop");
    }

    @Test
    void nothingIsTakenBeforeItIsOver() {
        assertThat(io.take(1, 1_000_000)).isZero();
        io.prepare(0, fd, false, piece(memory, 0, 4), 0);
        assertThat(io.take(1, 0)).as("it is not begun").isZero();
        io.submit();
        assertThat(io.take(1, LONG_NS)).isOne();
        assertThat(io.take(1, 0)).isZero();
    }

    @Test
    void oneThatCannotBeginKeepsTheOthersWaitingUntilItIsDropped() {
        Fd readable = Fd.open(file.toString(), Fd.O_RDONLY);
        io.prepare(0, readable, true, piece(memory, 0, 4), 0);
        io.prepare(1, fd, false, piece(memory, 0, 4), 0);
        assertThat(io.submit()).isEqualTo(-Errno.EBADF);
        assertThat(io.firstPrepared()).isZero();
        io.drop(1);
        assertThat(io.firstPrepared()).isOne();
        assertThat(io.submit()).isOne();
        assertThat(io.take(1, LONG_NS)).isOne();
        assertThat(io.slot(0)).isOne();
        readable.close();
    }

    @Test
    void nothingIsReadIntoWhatIsReadOnly() {
        Iovec constant = piece(memory.asReadOnly(), 0, 4);
        assertThatIllegalArgumentException().isThrownBy(() -> io.prepare(0, fd, false, constant, 0));
        io.prepare(0, fd, true, constant, 0);
        assertThat(io.submit()).isOne();
    }

    @Test
    void aSleeperIsWokenByATransfersEndAndByOtherThreads() {
        io.prepareToSleep();
        io.prepare(0, fd, false, piece(memory, 0, 4), 0);
        io.submit();
        io.sleep(-1);
        assertThat(io.take(1, 0)).isOne();
        io.wake();
        io.sleep(-1);
        io.prepareToSleep();
        CompletableFuture<Void> other = CompletableFuture.runAsync(io::wake);
        io.sleep(-1);
        other.join();
        io.prepareToSleep();
        try (EventFd bell = EventFd.create()) {
            bell.signal();
            io.sleep(bell.raw());
        }
    }

    @Test
    void aHostThatHasNoRoomSaysSo() {
        assertThatThrownBy(() -> AsyncIo.open(Integer.MAX_VALUE)).isInstanceOf(HostException.class);
    }
}
