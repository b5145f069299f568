package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.backend.Eventually;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

@Timeout(60)
class ExchangeableImageTest {
    private static final int SECTOR = DiskImage.SECTOR_BYTES;

    @TempDir
    private Path directory;
    private final MemorySegment memory = Arena.ofAuto().allocate(SECTOR);

    private Path file(String name, int sectors, int fill) throws IOException {
        byte[] bytes = new byte[sectors * SECTOR];
        Arrays.fill(bytes, (byte) fill);
        return Files.write(directory.resolve(name), bytes);
    }

    private Iovec piece() {
        Iovec pieces = new Iovec(1);
        pieces.add(memory, 0, SECTOR);
        return pieces;
    }

    @Test
    void afterTheExchangeTheOtherImageIsReadAndWritten() throws IOException {
        Path first = file("first", 8, 1);
        Path second = file("second", 4, 2);
        try (ExchangeableImage image = new ExchangeableImage(RawImage.open(first, false))) {
            assertThat(image.read(piece(), 0)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
            assertThat(image.exchange(RawImage.open(second, false))).isZero();
            assertThat(image.sectorCount()).isEqualTo(4);
            assertThat(image.read(piece(), 0)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
            memory.fill((byte) 3);
            assertThat(image.write(piece(), SECTOR)).isZero();
            RawImage.open(first, false).close();
        }
        assertThat(Files.readAllBytes(second)[SECTOR]).isEqualTo((byte) 3);
        assertThat(Files.readAllBytes(first)[SECTOR]).isEqualTo((byte) 1);
    }

    @Test
    void whatWasMeantForALargerImageIsNotWrittenBehindASmallerOne() throws IOException {
        Path second = file("second", 4, 2);
        try (ExchangeableImage image = new ExchangeableImage(RawImage.open(file("first", 8, 1), false))) {
            assertThat(image.exchange(RawImage.open(second, false))).isZero();
            assertThat(image.write(piece(), 6 * SECTOR)).isEqualTo(-Errno.EIO);
            assertThat(image.read(piece(), 6 * SECTOR)).isEqualTo(-Errno.EIO);
            assertThat(image.discard(3 * SECTOR, 2 * SECTOR)).isEqualTo(-Errno.EIO);
        }
        assertThat(Files.size(second)).isEqualTo(4 * SECTOR);
    }

    /// An image whose flush ends when it may, as the test says.
    private record Gated(DiskImage image, CompletableFuture<Integer> end, CountDownLatch begun) implements ForwardingImage {
        Gated(DiskImage image) {
            this(image, new CompletableFuture<>(), new CountDownLatch(1));
        }

        @Override
        public int flush() {
            begun.countDown();
            return end.join();
        }
    }

    @Test
    void aFlushEndsWhenTheOldImageIsStoredToo() throws Exception {
        Gated old = new Gated(RawImage.open(file("first", 8, 1), false));
        try (ExchangeableImage image = new ExchangeableImage(old)) {
            DiskImage next = RawImage.open(file("second", 8, 2), false);
            CompletableFuture<Integer> exchange = CompletableFuture.supplyAsync(() -> image.exchange(next));
            old.begun().await();
            assertThat(image.image()).isSameAs(next);
            assertThat(image.read(piece(), 0)).as("it is in use").isZero();
            CompletableFuture<Integer> flush = flushThatWaits(image);
            assertThat(exchange).isNotDone();
            old.end().complete(0);
            assertThat(flush.join()).isZero();
            assertThat(exchange.join()).isZero();
        }
    }

    /// A flush that a thread of its own has come to wait in.
    private static CompletableFuture<Integer> flushThatWaits(ExchangeableImage image) {
        CompletableFuture<Integer> flush = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> flush.complete(image.flush()));
        Eventually.is(true, () -> thread.getState() == Thread.State.WAITING || flush.isDone());
        assertThat(flush).isNotDone();
        return flush;
    }

    @Test
    void thatTheOldImageWasNotStoredIsToldToAllFlushesThatWaited() throws Exception {
        Gated old = new Gated(RawImage.open(file("first", 8, 1), false));
        try (ExchangeableImage image = new ExchangeableImage(old)) {
            DiskImage next = RawImage.open(file("second", 8, 2), false);
            CompletableFuture<Integer> exchange = CompletableFuture.supplyAsync(() -> image.exchange(next));
            old.begun().await();
            CompletableFuture<Integer> one = flushThatWaits(image);
            CompletableFuture<Integer> two = flushThatWaits(image);
            old.end().complete(-Errno.ENOSPC);
            assertThat(exchange.join()).isEqualTo(-Errno.ENOSPC);
            assertThat(one.join()).isEqualTo(-Errno.ENOSPC);
            assertThat(two.join()).isEqualTo(-Errno.ENOSPC);
            assertThat(image.flush()).as("the new image is sound").isZero();
        }
    }

    @Test
    void thatTheOldImageWasNotStoredIsToldToTheNextFlushThoughTheImageIsExchangedAgain() throws IOException {
        Gated old = new Gated(RawImage.open(file("first", 8, 1), false));
        old.end().complete(-Errno.ENOSPC);
        try (ExchangeableImage image = new ExchangeableImage(old)) {
            assertThat(image.exchange(RawImage.open(file("second", 8, 2), false))).isEqualTo(-Errno.ENOSPC);
            assertThat(image.exchange(RawImage.open(file("third", 8, 3), false))).isEqualTo(-Errno.ENOSPC);
            assertThat(image.flush()).isEqualTo(-Errno.ENOSPC);
            assertThat(image.flush()).isZero();
        }
    }

    @Test
    void anImageOfOtherRightsTakesNoOthersPlace() throws IOException {
        try (ExchangeableImage image = new ExchangeableImage(RawImage.open(file("first", 8, 1), false));
                DiskImage readOnly = RawImage.open(file("second", 8, 2), true)) {
            assertThatThrownBy(() -> image.exchange(readOnly)).isInstanceOf(IllegalArgumentException.class);
            assertThat(image.isReadOnly()).isFalse();
        }
    }
}
