package xenolith.vmm.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FifoWordsTest {
    private static final int ENOUGH = 20_000;

    private final TestPorts p = new TestPorts(2);
    private final FifoWords words = new FifoWords(p.memory, 2);
    private final FifoGuest[] guest = {new FifoGuest(p, 0), new FifoGuest(p, 1)};

    @BeforeEach
    void setUp() {
        words.control(0, guest[0].controlMa());
        words.control(1, guest[1].controlMa());
        words.expand(FifoGuest.FIRST_ARRAY_MFN);
    }

    private boolean raise(int port) {
        return words.raise(port, p.targets[0]);
    }

    @Test
    void eventsComeInTheOrderOfTheirRaising() {
        for (int port : new int[] {9, 3, 700, 5}) {
            assertThat(raise(port)).isTrue();
        }
        assertThat(p.targets[0].kicks).as("one upcall for one queue").isOne();

        guest[0].upcall();

        assertThat(guest[0].handled).startsWith(9, 3, 700, 5);
        assertThat(guest[0].count).isEqualTo(4);
        assertThat(words.isPending(9)).isFalse();
    }

    @Test
    void urgentQueuesComeFirstAndAPriorityCountsFromTheNextRaise() {
        raise(1);
        words.priority(2, 0);
        words.priority(1, 15);
        words.priority(3, 15);
        raise(3);
        raise(2);

        guest[0].upcall();
        assertThat(guest[0].handled).startsWith(2, 1, 3);

        raise(1);
        raise(4);
        guest[0].upcall();
        assertThat(guest[0].handled).startsWith(2, 1, 3, 4, 1);
    }

    @Test
    void aSecondRaiseOfAPendingPortQueuesItOnce() {
        assertThat(raise(5)).isTrue();
        assertThat(raise(5)).isFalse();

        guest[0].upcall();

        assertThat(guest[0].count).isOne();
        assertThat(guest[0].word(5)).isZero();
    }

    @Test
    void aMaskedPortWaitsForItsUnmasking() {
        guest[0].mask(5);
        raise(5);
        assertThat(p.upcallPending(0)).isFalse();
        assertThat(words.isPending(5)).isTrue();

        words.unmask(5, p.targets[0]);

        assertThat(p.upcallPending(0)).isTrue();
        guest[0].upcall();
        assertThat(guest[0].count).isOne();
    }

    @Test
    void unmaskingAPortThatIsNotPendingIsSilent() {
        guest[0].mask(5);
        words.unmask(5, p.targets[0]);

        assertThat(guest[0].word(5)).isZero();
        assertThat(p.upcallPending(0)).isFalse();
    }

    /// The port was the tail of its old queue and is queued anew elsewhere: what follows there must not hang on it.
    @Test
    void aPortThatMovesTakesNoOtherAlong() {
        raise(5);
        guest[0].upcall();
        words.raise(5, p.targets[1]);
        raise(6);

        guest[0].upcall();
        guest[1].upcall();

        assertThat(guest[0].handled).startsWith(5, 6);
        assertThat(guest[1].handled).startsWith(5);
        assertThat(guest[1].count).isOne();
    }

    @Test
    void aPortIsNeverLinkedBehindItself() {
        raise(5);
        guest[0].upcall();
        raise(5);

        assertThat(guest[0].word(5)).isEqualTo(FifoGuest.PENDING | FifoGuest.LINKED);
        guest[0].upcall();
        assertThat(guest[0].count).isEqualTo(2);
    }

    @Test
    void aClosedPortIsPassedOverAndBusyUntilTheGuestHasTakenIt() {
        raise(5);
        raise(6);
        words.clear(5);
        assertThat(words.isBusy(5)).isTrue();

        guest[0].upcall();

        assertThat(guest[0].handled).startsWith(6);
        assertThat(words.isBusy(5)).isFalse();
    }

    @Test
    void whatIsRaisedBeforeItsWordIsThereIsRemembered() {
        assertThat(raise(1024)).isTrue();
        assertThat(raise(1024)).isFalse();
        assertThat(words.isPending(1024)).isTrue();
        assertThat(words.takeEarly()).isEqualTo(-1);

        words.expand(FifoGuest.FIRST_ARRAY_MFN + 1);

        assertThat(words.takeEarly()).isEqualTo(1024);
        assertThat(words.takeEarly()).isEqualTo(-1);
    }

    @Test
    void aVcpuWithoutAControlBlockGetsPendingBitsOnly() {
        FifoWords half = new FifoWords(p.memory, 2);
        half.expand(FifoGuest.FIRST_ARRAY_MFN);

        assertThat(half.raise(5, p.targets[1])).isTrue();

        assertThat(guest[1].word(5)).isEqualTo(FifoGuest.PENDING);
        assertThat(p.upcallPending(1)).isFalse();
    }

    @Test
    void nothingIsWrittenAfterRetirement() {
        words.retire();
        raise(5);
        words.unmask(5, p.targets[0]);
        words.clear(5);

        assertThat(guest[0].word(5)).isZero();
        assertThat(p.memory.readInt(guest[0].controlMa())).isZero();
        assertThat(p.targets[0].kicks).isZero();
    }

    /// A guest that scribbles over its words loses events and nothing else: every raise comes back.
    @Test
    @Timeout(20)
    void aGuestThatKeepsChangingItsWordsHoldsNobodyUp() throws InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        Thread scribbler = new Thread(() -> {
            Random chance = new Random(1);
            while (!done.get()) {
                p.memory.writeInt(FifoGuest.wordMa(chance.nextInt(8)), chance.nextInt());
            }
        });
        scribbler.start();
        for (int i = 0; i < 100_000; i++) {
            raise(1 + i % 7);
        }
        done.set(true);
        scribbler.join();

        assertThat(words.isPending(1024)).isFalse();
    }

    /// Two raisers, and a guest that masks and unmasks as it goes: each time a port became pending it is handled once,
    /// and at the end nothing is pending without an upcall.
    @Test
    @Timeout(60)
    void noEventIsLostOrDoubled() throws InterruptedException {
        AtomicInteger running = new AtomicInteger(2);
        AtomicInteger raised = new AtomicInteger();
        Thread consumer = new Thread(() -> consume(running));
        Thread[] raisers = {new Thread(() -> raiseMany(1, raised, running)),
            new Thread(() -> raiseMany(2, raised, running))};
        consumer.start();
        for (Thread raiser : raisers) {
            raiser.start();
        }
        for (Thread raiser : raisers) {
            raiser.join();
        }
        consumer.join();

        for (int port = 1; port < 40; port++) {
            assertThat(guest[0].word(port)).as("port %d", port).isZero();
        }
        assertThat(guest[0].count).isEqualTo(raised.get());
    }

    private void consume(AtomicInteger running) {
        int port = 1;
        while (running.get() > 0 || guest[0].upcallPending()) {
            if (guest[0].upcallPending()) {
                guest[0].upcall();
            }
            port = port % 39 + 1;
            guest[0].mask(port);
            if (guest[0].clearMask(port)) {
                words.unmask(port, p.targets[0]);
            }
        }
    }

    private void raiseMany(int seed, AtomicInteger raised, AtomicInteger running) {
        Random chance = new Random(seed);
        while (raised.get() < ENOUGH) {
            int port = 1 + chance.nextInt(39);
            words.priority(port, port % 3);
            if (raise(port)) {
                raised.incrementAndGet();
            } else {
                Thread.yield();
            }
        }
        running.decrementAndGet();
    }
}
