package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.posix.ByteLock;
import xenolith.posix.Fd;

/// What others lock of an image's file, by `fcntl(2)`, and what they may.
@Timeout(60)
class ImageLockTest {
    private static final int WRITES = 101;
    private static final int RESIZES = 103;
    private static final int ROUNDS = 500;

    @TempDir
    private Path folder;
    private Path path;
    private Fd ours;
    private Fd theirs;
    private FileChannel channel;

    @BeforeEach
    void open() throws IOException {
        path = Files.write(folder.resolve("disk.img"), new byte[4096]);
        ours = Fd.open(path.toString(), Fd.O_RDWR);
        theirs = Fd.open(path.toString(), Fd.O_RDWR);
        channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @AfterEach
    void close() throws IOException {
        ours.close();
        theirs.close();
        channel.close();
    }

    /// As NFS and SMB show another reader's `flock(2)`: whole, or what is left of it without the bytes 101 and 103.
    @ParameterizedTest
    @CsvSource({"0, 9223372036854775807", "104, 9223372036854775703"})
    void aNetworkFileSystemsFlockIsNobodysByte(long start, long length) throws IOException {
        try (FileLock lock = channel.lock(start, length, true)) {
            assertThat(lock.isShared()).isTrue();
            assertThat(ImageLock.tryTake(ours, true)).isTrue();
        }
    }

    /// Neighbouring bytes of one holder are one lock to the host.
    @ParameterizedTest
    @CsvSource({"101, 1", "100, 4", "103, 1", "200, 1", "200, 4"})
    void whatAWriterHoldsKeepsAReaderOut(long start, long length) throws IOException {
        try (FileLock lock = channel.lock(start, length, true)) {
            assertThat(lock.isShared()).isTrue();
            assertThat(ImageLock.tryTake(ours, true)).isFalse();
        }
    }

    @Test
    void whoWroteAndReadsOnIsJoinedByReaders() {
        assertThat(ImageLock.tryTake(ours, false)).isTrue();
        assertThat(ImageLock.tryTake(theirs, true)).isFalse();
        assertThat(ImageLock.tryTake(ours, true)).isTrue();
        assertThat(ImageLock.tryTake(theirs, true)).isTrue();
    }

    /// Whoever sees by the `flock(2)` that the writer is one no more sees it by the bytes too.
    @Test
    void whoReadsOnNeverSeemsToWrite() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            assertThat(ImageLock.tryTake(ours, false)).isTrue();
            CyclicBarrier start = new CyclicBarrier(2);
            CompletableFuture<Boolean> seemsToWrite = CompletableFuture.supplyAsync(() -> {
                meet(start);
                while (!theirs.tryLock(true)) {
                    Thread.onSpinWait();
                }
                return ByteLock.heldByOthers(theirs, RESIZES) || ByteLock.heldByOthers(theirs, WRITES);
            });
            meet(start);
            assertThat(ImageLock.tryTake(ours, true)).isTrue();
            assertThat(seemsToWrite.get()).as("round %s", round).isFalse();
            theirs.close();
            theirs = Fd.open(path.toString(), Fd.O_RDWR);
        }
    }

    private static void meet(CyclicBarrier start) {
        try {
            start.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
