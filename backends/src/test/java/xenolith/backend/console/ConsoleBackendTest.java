package xenolith.backend.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.backend.FakePort;
import xenolith.backend.GuestRing;
import xenolith.backend.PlainPage;

@Timeout(20)
class ConsoleBackendTest {
    private final PlainPage page = new PlainPage();
    private final FakePort port = new FakePort();
    private final GuestRing guestIn = new GuestRing(page.segment(), 0, 1024, 3072, 3076);
    private final GuestRing guestOut = new GuestRing(page.segment(), 1024, 2048, 3080, 3084);
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
    private ConsoleBackend backend = new ConsoleBackend("test", page, port, ConsoleSink.to(seen));

    @AfterEach
    void end() {
        backend.drainAndClose();
    }

    @Test
    void whatTheGuestPrintedBeforeTheStartIsDrainedWithoutAnEvent() throws Exception {
        guestPrints("early\n");
        backend.start();
        await(() -> guestOut.used() == 0);
        assertThat(backend.drainAndClose()).isTrue();
        assertThat(seen.toString(US_ASCII)).isEqualTo("early\n");
        assertThat(backend.sawOutput()).isTrue();
        assertThat(backend.outputByteCount()).isEqualTo(6);
    }

    @Test
    void theFirstByteIsTimedOnceAndNotBeforeItIsSeen() throws Exception {
        backend.start();
        assertThat(backend.sawOutput()).isFalse();
        long before = System.nanoTime();
        printAndAwait("a");
        long first = backend.firstByteNanoTime();
        assertThat(first).isBetween(before, System.nanoTime());
        printAndAwait("b");
        assertThat(backend.firstByteNanoTime()).isEqualTo(first);
    }

    @Test
    void outputArrivesWholeAndInOrderAcrossManyWrapArounds() throws Exception {
        guestOut.cons(-700);
        guestOut.prod(-700);
        backend = new ConsoleBackend("wrap", page, port, ConsoleSink.to(seen));
        backend.start();
        byte[] text = randomBytes(100_000);
        guestPrintsWaitingForRoom(text);
        assertThat(backend.drainAndClose()).isTrue();
        assertThat(seen.toByteArray()).isEqualTo(text);
    }

    @Test
    void aGuestThatFilledItsRingGetsAnEventWhenThereIsRoom() throws Exception {
        backend.start();
        await(() -> port.pendingCount() == 0);
        guestOut.put(new byte[2048], 0, 2048);
        port.send();
        assertThat(port.awaitEvent()).isTrue();
        assertThat(guestOut.used()).isZero();
    }

    @Test
    void aLineOfOutputCostsTheGuestNoEvent() throws Exception {
        backend.start();
        printAndAwait("one line\n");
        backend.drainAndClose();
        assertThat(port.pendingCount()).isZero();
    }

    @Test
    void aSlowSinkHoldsBackTheGuestAndLosesNothing() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        ByteArrayOutputStream slow = new ByteArrayOutputStream();
        backend = new ConsoleBackend("slow", page, port, (bytes, offset, length) -> {
            awaitLatch(open);
            slow.write(bytes, offset, length);
        });
        backend.start();
        byte[] text = randomBytes(2048 + 2048);
        guestOut.put(text, 0, 2048);
        port.send();
        await(() -> guestOut.used() == 0);
        assertThat(guestOut.put(text, 2048, 2048)).isEqualTo(2048);
        port.send();
        Thread.sleep(50);
        assertThat(guestOut.used()).as("the ring stays full while the sink is stuck").isEqualTo(2048);
        open.countDown();
        assertThat(backend.drainAndClose()).isTrue();
        assertThat(slow.toByteArray()).isEqualTo(text);
    }

    @Test
    void closingADeadDomainsConsoleFlushesWhatItPrintedLast() {
        backend.start();
        guestOut.put("panic: last words".getBytes(US_ASCII), 0, 17);
        assertThat(backend.drainAndClose()).isTrue();
        assertThat(seen.toString(US_ASCII)).isEqualTo("panic: last words");
    }

    @Test
    void typedInputReachesTheGuestWithAnEvent() throws Exception {
        backend.start();
        backend.input().write("root\n".getBytes(US_ASCII));
        assertThat(port.awaitEvent()).isTrue();
        assertThat(guestIn.take()).isEqualTo("root\n".getBytes(US_ASCII));
    }

    @Test
    void typedInputArrivesWholeAcrossWrapAroundsThoughTheGuestReadsSlowly() throws Exception {
        guestIn.cons(Integer.MAX_VALUE - 100);
        guestIn.prod(Integer.MAX_VALUE - 100);
        backend = new ConsoleBackend("typed", page, port, ConsoleSink.discarding());
        backend.start();
        byte[] text = randomBytes(50_000);
        Thread typist = Thread.ofPlatform().start(() -> {
            try {
                backend.input().write(text);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (read.size() < text.length) {
            assertThat(port.awaitEvent()).isTrue();
            read.write(guestIn.take());
            port.send();
        }
        typist.join();
        assertThat(read.toByteArray()).isEqualTo(text);
    }

    @Test
    void inputForAGuestThatNeverReadsIsBoundedAndItsOutputGoesOn() throws Exception {
        backend.start();
        byte[] paste = new byte[100_000];
        int taken = 0;
        for (int i = 0; i < 100; i++) {
            taken += backend.input().offer(paste, 0, paste.length);
            Thread.sleep(1);
        }
        assertThat(taken).isEqualTo(1024 + ConsoleInput.CAPACITY);
        printAndAwait("still here");
        backend.drainAndClose();
        assertThat(seen.toString(US_ASCII)).isEqualTo("still here");
    }

    @Test
    void closingFreesAWriterThatWaitsForTheGuestToRead() throws Exception {
        backend.start();
        AtomicReference<Exception> failure = new AtomicReference<>();
        Thread typist = Thread.ofPlatform().start(() -> {
            try {
                backend.input().write(new byte[100_000]);
            } catch (IOException e) {
                failure.set(e);
            }
        });
        await(() -> typist.getState() == Thread.State.WAITING);
        backend.drainAndClose();
        typist.join();
        assertThat(failure.get()).hasMessage("the guest's console is closed");
        assertThat(backend.input().offer(new byte[1], 0, 1)).isEqualTo(-1);
    }

    @Test
    void aProducerIndexTooFarAheadStopsTheConsoleWithAReason() throws Exception {
        backend.start();
        guestOut.prod(guestOut.cons() + 2049);
        port.send();
        await(() -> backend.failure() != null);
        assertThat(backend.failure()).contains("'out' ring");
        assertThatThrownBy(() -> backend.input().write(1)).isInstanceOf(IOException.class);
        assertThat(backend.drainAndClose()).isFalse();
    }

    @Test
    void aConsumerIndexBeyondWhatWasProducedStopsTheConsoleWithAReason() throws Exception {
        backend.start();
        guestIn.cons(guestIn.prod() + 1);
        port.send();
        await(() -> backend.failure() != null);
        assertThat(backend.failure()).contains("'in' ring");
    }

    @Test
    void aGuestThatRewritesTheIndicesThatAreOursConfusesOnlyItself() throws Exception {
        backend.start();
        printAndAwait("abc");
        guestOut.cons(77);
        guestIn.prod(99);
        guestOut.put("de".getBytes(US_ASCII), 0, 0);
        guestOut.prod(5);
        port.send();
        await(() -> guestOut.cons() == 5);
        backend.input().write("x".getBytes(US_ASCII));
        assertThat(port.awaitEvent()).isTrue();
        assertThat(guestIn.prod()).isEqualTo(1);
        assertThat(backend.failure()).isNull();
    }

    @Test
    void indicesMovedAtRandomNeverLeaveTheThreadInDisorder() throws Exception {
        Random random = new Random(4711);
        for (int i = 0; i < 50; i++) {
            page.segment().fill((byte) 0);
            backend = new ConsoleBackend("random", page, port, ConsoleSink.discarding());
            backend.start();
            for (int j = 0; j < 20; j++) {
                guestOut.prod(random.nextInt());
                guestIn.cons(random.nextInt());
                backend.input().offer(new byte[10], 0, 10);
                port.send();
            }
            await(() -> backend.failure() != null);
            assertThat(backend.failure()).contains("cannot be true");
            backend.drainAndClose();
        }
    }

    @Test
    void aFailingSinkDoesNotHangTheGuest() throws Exception {
        backend = new ConsoleBackend("closed", page, port, (_, _, _) -> {
            throw new IOException("no space left on device");
        });
        backend.start();
        guestPrintsWaitingForRoom(new byte[10_000]);
        await(() -> guestOut.used() == 0);
        assertThat(backend.failure()).isEqualTo("the console's sink failed: no space left on device");
        assertThat(backend.drainAndClose()).isFalse();
    }

    private void guestPrints(String text) {
        assertThat(guestOut.put(text.getBytes(US_ASCII), 0, text.length())).isEqualTo(text.length());
    }

    private void printAndAwait(String text) throws InterruptedException {
        guestPrints(text);
        port.send();
        await(() -> guestOut.used() == 0);
    }

    /// As a guest that sleeps until an event says that there is room.
    private void guestPrintsWaitingForRoom(byte[] text) throws InterruptedException {
        int done = 0;
        while (done < text.length) {
            int n = guestOut.put(text, done, text.length - done);
            done += n;
            port.send();
            if (n == 0) {
                assertThat(port.awaitEvent()).as("an event after the ring was full").isTrue();
            }
        }
    }

    private static byte[] randomBytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static void awaitLatch(CountDownLatch latch) throws IOException {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    static void await(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 5_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("time to wait").isLessThan(end);
            Thread.sleep(1);
        }
    }
}
