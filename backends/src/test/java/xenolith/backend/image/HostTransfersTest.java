package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.Errno;
import xenolith.posix.HostException;

/// Transfers of a raw image at the host, past its page cache.
@Timeout(60)
class HostTransfersTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 16;
    private static final long LONG_NS = 10_000_000_000L;

    private final HostTransfers host = new HostTransfers(BLOCKS);
    private final MemorySegment memory = Arena.ofAuto().allocate(BLOCKS * BLOCK, BLOCK);
    private Path file;
    private DiskImage image;

    @BeforeEach
    void aDiskWhoseBlocksAreNumbered() throws IOException {
        // Not in /tmp, which is often memory.
        file = Files.createTempFile(Files.createDirectories(Path.of("target")), "disk", null);
        byte[] contents = new byte[BLOCKS * BLOCK];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = (byte) (i / BLOCK);
        }
        Files.write(file, contents);
        try {
            image = RawImage.openDirect(file, false);
        } catch (HostException e) {
            abort("no direct I/O where the build is: " + e.getMessage());
        }
    }

    @AfterEach
    void closeThem() throws IOException {
        host.close();
        if (image != null) {
            image.close();
        }
        Files.delete(file);
    }

    private Transfer transfer(int number, boolean write, int block) {
        Transfer transfer = new Transfer(number, 2);
        transfer.pieces().add(memory, number * (long) BLOCK, BLOCK);
        transfer.prepare(write, (long) block * BLOCK);
        return transfer;
    }

    private void begin(Transfer transfer) {
        assumeTrue(image.begin(transfer, host), "no asynchronous calls here");
    }

    private Transfer next() {
        Transfer transfer = host.finished();
        while (transfer == null) {
            assertThat(host.await(1, LONG_NS)).isTrue();
            transfer = host.finished();
        }
        return transfer;
    }

    private byte first(int number) {
        return memory.get(ValueLayout.JAVA_BYTE, number * (long) BLOCK);
    }

    @Test
    void manyAreUnderWayAndEachIsGivenBackOnce() {
        for (int i = 0; i < BLOCKS; i++) {
            begin(transfer(i, false, BLOCKS - 1 - i));
        }
        host.submit();
        assertThat(host.underWay()).isEqualTo(BLOCKS);
        int seen = 0;
        for (int i = 0; i < BLOCKS; i++) {
            Transfer over = next();
            assertThat(over.result()).isZero();
            assertThat(over.pieces().byteLength()).isZero();
            assertThat(first(over.number())).isEqualTo((byte) (BLOCKS - 1 - over.number()));
            seen |= 1 << over.number();
        }
        assertThat(seen).isEqualTo((1 << BLOCKS) - 1);
        assertThat(host.underWay()).isZero();
        assertThat(host.finished()).isNull();
    }

    @Test
    void oneMoreThanThereIsRoomForIsNotBegun() {
        for (int i = 0; i < BLOCKS; i++) {
            begin(transfer(i, false, i));
        }
        Transfer more = transfer(0, false, 0);
        assertThat(image.begin(more, host)).isFalse();
        host.submit();
        assertThat(next().result()).isZero();
        assertThat(image.begin(more, host)).as("one was given back").isTrue();
    }

    @Test
    void whatCannotBeATransferTakesNoRoom() {
        Transfer wrong = new Transfer(0, 1);
        wrong.pieces().add(memory.asReadOnly(), 0, BLOCK);
        wrong.prepare(false, 0);
        begin(transfer(0, false, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> image.begin(wrong, host));
        assertThat(host.underWay()).isOne();
        for (int i = 1; i < BLOCKS; i++) {
            begin(transfer(i, false, i));
        }
        host.submit();
        for (int i = 0; i < BLOCKS; i++) {
            assertThat(next().result()).isZero();
        }
    }

    @Test
    void whatIsWrittenIsOnTheDisk() throws IOException {
        memory.fill((byte) 99);
        begin(transfer(0, true, 5));
        host.submit();
        assertThat(next().result()).isZero();
        byte[] contents = Files.readAllBytes(file);
        assertThat(contents[5 * BLOCK - 1]).isEqualTo((byte) 4);
        assertThat(contents[5 * BLOCK]).isEqualTo((byte) 99);
        assertThat(contents[6 * BLOCK]).isEqualTo((byte) 6);
    }

    @Test
    void aFileThatHasBecomeShorterIsAnError() throws IOException {
        Files.write(file, new byte[2 * BLOCK]);
        begin(transfer(0, false, 3));
        host.submit();
        assertThat(next().result()).isEqualTo(-Errno.EIO);
    }

    @Test
    void whatTheHostDoesNotTakeIsOverWithItsError() {
        Transfer crooked = new Transfer(0, 1);
        crooked.pieces().add(memory, 1, BLOCK);
        crooked.prepare(false, 0);
        begin(crooked);
        begin(transfer(2, false, 7));
        host.submit();
        for (int i = 0; i < 2; i++) {
            Transfer over = next();
            if (over == crooked) {
                // Some file systems take any memory.
                assertThat(over.result()).isIn(0, -Errno.EINVAL);
            } else {
                assertThat(over.result()).isZero();
                assertThat(first(2)).isEqualTo((byte) 7);
            }
        }
    }

    @Test
    void anExchangeWaitsForWhatIsUnderWayAtTheOldImage() throws IOException {
        Path second = Files.write(Files.createTempFile(file.toAbsolutePath().getParent(), "disk", null),
                new byte[BLOCKS * BLOCK]);
        LateTransfers slow = new LateTransfers(1, 4, (_, _) -> { }, _ -> false);
        slow.hold(true);
        try (ExchangeableImage medium = new ExchangeableImage(image); DiskImage next = RawImage.openDirect(second, false)) {
            Transfer old = transfer(3, false, 3);
            assertThat(medium.begin(old, slow)).isTrue();
            CompletableFuture<Integer> exchange = CompletableFuture.supplyAsync(() -> medium.exchange(next));
            while (medium.image() != next) {
                Thread.onSpinWait();
            }
            assertThat(exchange).isNotDone();
            Transfer fresh = transfer(4, false, 4);
            assertThat(medium.begin(fresh, slow)).isTrue();
            assertThat(exchange).isNotDone();
            slow.hold(false);
            for (int over = 0; over < 2;) {
                slow.submit();
                over += slow.finished() != null ? 1 : 0;
            }
            assertThat(exchange.join()).isZero();
            assertThat(first(3)).isEqualTo((byte) 3);
            assertThat(first(4)).as("of the new one").isZero();
        } finally {
            Files.delete(second);
        }
    }

    @Test
    void anImageInThePageCacheBeginsNothing() throws IOException {
        try (DiskImage cached = RawImage.openUnlocked(file, true)) {
            assertThat(cached.begin(transfer(0, false, 0), host)).isFalse();
        }
    }
}
