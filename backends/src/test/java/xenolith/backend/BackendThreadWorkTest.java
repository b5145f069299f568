package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BackendThreadWorkTest {
    private final FakeDomain domain = new FakeDomain();
    private final Semaphore rounds = new Semaphore(0);
    private final Semaphore mayGoOn = new Semaphore(0);

    @Test
    void aProcessorIsWantedFromTheWakeToTheSleep() throws InterruptedException {
        BackendThread thread = new BackendThread("test", () -> {
            rounds.release();
            mayGoOn.acquire();
            return false;
        }, () -> false);
        thread.workFor(domain);
        assertThat(domain.working()).isZero();
        thread.start();
        for (int i = 0; i < 20; i++) {
            rounds.acquire();
            assertThat(domain.working()).isOne();
            mayGoOn.release();
            Eventually.is(0, domain::working);
            thread.wake();
            assertThat(domain.working()).as("at once, before the thread runs").isOne();
        }
        mayGoOn.release(2);
        assertThat(thread.stop(Duration.ofSeconds(20))).isTrue();
        assertThat(domain.working()).isZero();
    }

    @Test
    void whatIsAskedForOneByOneIsOneStretchOfWorkForAThreadThatSleepsByABell() throws InterruptedException {
        BackendThread thread = new BackendThread("test", () -> {
            rounds.release();
            return false;
        }, () -> false);
        thread.workFor(domain);
        try (GuestBell bell = new GuestBell()) {
            thread.sleepBy(bell);
            thread.start();
            rounds.acquire();
            for (int i = 0; i < 1000; i++) {
                thread.wake();
                rounds.acquire();
            }
            assertThat(domain.workBegun()).as("of a thousand wakes").isLessThan(500);
            Eventually.is(0, domain::working);
            assertThat(thread.stop(Duration.ofSeconds(20))).isTrue();
        }
        assertThat(domain.working()).isZero();
    }

    @Test
    void aThreadThatIsHeldBackForLongWantsNothingMeanwhile() throws InterruptedException {
        AtomicBoolean isOver = new AtomicBoolean();
        BackendThread[] thread = new BackendThread[1];
        thread[0] = new BackendThread("test", () -> {
            thread[0].rest(Duration.ofSeconds(20).toNanos(), isOver::get);
            rounds.release();
            mayGoOn.acquire();
            return false;
        }, () -> false);
        thread[0].workFor(domain);
        thread[0].start();
        Eventually.is(1, domain::workBegun);
        Eventually.is(0, domain::working);
        thread[0].wake();
        Eventually.is(0, domain::working);
        assertThat(rounds.availablePermits()).as("it rests yet").isZero();
        isOver.set(true);
        rounds.acquire();
        assertThat(domain.working()).isOne();
        mayGoOn.release(2);
        assertThat(thread[0].stop(Duration.ofSeconds(20))).isTrue();
        assertThat(domain.working()).isZero();
    }

    @Test
    void aShortRestIsWork() throws InterruptedException {
        BackendThread[] thread = new BackendThread[1];
        thread[0] = new BackendThread("test", () -> {
            for (int i = 0; i < 20; i++) {
                thread[0].rest(1_000_000, () -> false);
            }
            rounds.release();
            mayGoOn.acquire();
            return false;
        }, () -> false);
        thread[0].workFor(domain);
        thread[0].start();
        rounds.acquire();
        assertThat(domain.workBegun()).isOne();
        mayGoOn.release();
        assertThat(thread[0].stop(Duration.ofSeconds(20))).isTrue();
    }

    @Test
    void aThreadThatFailsWantsNothingMore() {
        AtomicInteger runs = new AtomicInteger();
        BackendThread thread = new BackendThread("test", () -> {
            runs.incrementAndGet();
            throw new IllegalStateException("on purpose");
        }, () -> false);
        thread.workFor(domain);
        thread.start();
        Eventually.is("on purpose", thread::failure);
        Eventually.is(0, domain::working);
        assertThat(runs).hasValue(1);
    }

    @Test
    void aWakeAfterItsEndWantsNothing() throws InterruptedException {
        BackendThread thread = new BackendThread("test", () -> {
            rounds.release();
            return false;
        }, () -> false);
        thread.workFor(domain);
        thread.start();
        rounds.acquire();
        assertThat(thread.stop(Duration.ofSeconds(20))).isTrue();
        thread.wake();
        assertThat(domain.working()).isZero();
    }
}
