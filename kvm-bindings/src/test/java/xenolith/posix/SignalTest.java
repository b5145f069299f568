package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// [KickSignal] and [ThreadTimer], without KVM.
class SignalTest {
    private static final long TIMEOUT_S = 30;
    private static final long MS = 1_000_000;

    /// Each test on a thread of its own: the signal stays blocked there.
    private static void onBlockedThread(Runnable body) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                KickSignal.blockOnCurrentThread();
                body.run();
                done.complete(null);
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        try {
            done.get(TIMEOUT_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }

    private static void sleep(long ns) {
        try {
            TimeUnit.NANOSECONDS.sleep(ns);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean consumeWithin(long ns) {
        long deadline = System.nanoTime() + ns;
        boolean taken = KickSignal.consume();
        while (!taken && System.nanoTime() < deadline) {
            sleep(MS / 10);
            taken = KickSignal.consume();
        }
        return taken;
    }

    @Test
    void aBlockedSignalWaitsUntilItIsConsumed() throws Exception {
        onBlockedThread(() -> {
            assertThat(KickSignal.consume()).isFalse();
            KickSignal.send(KickSignal.currentTid());
            assertThat(KickSignal.consume()).isTrue();
            assertThat(KickSignal.consume()).isFalse();
        });
    }

    @Test
    void manyKicksAreConsumedTogether() throws Exception {
        onBlockedThread(() -> {
            for (int i = 0; i < 50; i++) {
                KickSignal.send(KickSignal.currentTid());
            }
            assertThat(KickSignal.consume()).isTrue();
            assertThat(KickSignal.consume()).isFalse();
        });
    }

    @Test
    void aKickReachesOnlyTheThreadItIsSentTo() throws Exception {
        CompletableFuture<Integer> tid = new CompletableFuture<>();
        CompletableFuture<Void> sent = new CompletableFuture<>();
        CompletableFuture<Boolean> taken = new CompletableFuture<>();
        Thread target = Thread.ofPlatform().start(() -> {
            KickSignal.blockOnCurrentThread();
            tid.complete(KickSignal.currentTid());
            sent.join();
            taken.complete(KickSignal.consume());
        });
        onBlockedThread(() -> {
            KickSignal.send(tid.join());
            assertThat(KickSignal.consume()).isFalse();
        });
        sent.complete(null);
        target.join();
        assertThat(taken.get(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
    }

    /// Else it would end this process: at its end a thread of the JVM's has the mask of the thread that started it.
    @Test
    void aKickThatWaitsWhenItsThreadEndsIsLost() throws Exception {
        Thread thread = Thread.ofPlatform().start(() -> {
            KickSignal.blockOnCurrentThread();
            KickSignal.send(KickSignal.currentTid());
        });
        thread.join();
        sleep(50 * MS);
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void aThreadThatHasEndedNeedsNoKick() throws Exception {
        CompletableFuture<Integer> tid = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> tid.complete(KickSignal.currentTid()));
        thread.join();
        sleep(50 * MS);
        KickSignal.send(tid.get());
        assertThat(KickSignal.currentTid()).isNotEqualTo(tid.get());
    }

    @Test
    void aTimerFiresOnceAndNotBeforeItsTime() throws Exception {
        onBlockedThread(() -> {
            try (ThreadTimer timer = ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO)) {
                long start = System.nanoTime();
                timer.arm(5 * MS);
                assertThat(consumeWithin(1000 * MS)).isTrue();
                assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(5 * MS);
                assertThat(consumeWithin(20 * MS)).isFalse();
            }
        });
    }

    @Test
    void aDeadlineInThePastFiresAtOnce() throws Exception {
        onBlockedThread(() -> {
            try (ThreadTimer timer = ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO)) {
                timer.arm(-5);
                assertThat(consumeWithin(1000 * MS)).isTrue();
            }
        });
    }

    @Test
    void aDisarmedTimerStaysSilent() throws Exception {
        onBlockedThread(() -> {
            try (ThreadTimer timer = ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO)) {
                timer.arm(20 * MS);
                timer.disarm();
                assertThat(consumeWithin(40 * MS)).isFalse();
            }
        });
    }

    @Test
    void aClosedTimerCannotBeArmed() throws Exception {
        onBlockedThread(() -> {
            ThreadTimer timer = ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO);
            timer.close();
            timer.close();
            assertThatThrownBy(() -> timer.arm(1)).isInstanceOf(IllegalStateException.class);
        });
    }
}
