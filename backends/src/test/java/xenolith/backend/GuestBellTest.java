package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.HostException;

@Timeout(20)
class GuestBellTest {
    private final GuestBell bell = new GuestBell();

    @AfterEach
    void close() {
        bell.close();
    }

    @Test
    void whoSleepsIsWokenByUs() {
        CompletableFuture<Void> other = CompletableFuture.runAsync(bell::ring);
        assertThat(bell.await(-1)).isTrue();
        other.join();
        assertThat(bell.heard()).as("the guest has sent nothing").isZero();
    }

    @Test
    void aRingBeforeTheSleepIsNotLost() {
        bell.ring();
        bell.ring();
        assertThat(bell.await(-1)).isTrue();
    }

    @Test
    void aSleepEndsByItself() {
        assertThat(bell.await(1_000_000)).isFalse();
    }

    @Test
    void aLateRingDoesNothing() {
        bell.close();
        bell.ring();
    }

    @Test
    void ofTwoDescriptorsTheFirstIsGivenBackIfTheHostHasNoSecond() {
        List<EventFd> made = new ArrayList<>();
        assertThatThrownBy(() -> new GuestBell(() -> {
            if (!made.isEmpty()) {
                throw new HostException("eventfd", Errno.EMFILE);
            }
            made.add(EventFd.create());
            return made.getFirst();
        })).isInstanceOf(HostException.class);
        assertThat(made.getFirst().raw()).as("closed").isNegative();
    }

    @Test
    void aThreadThatSleepsByItRunsForEachWakeAndEnds() throws Exception {
        Semaphore rounds = new Semaphore(0);
        BackendThread thread = new BackendThread("bell", () -> {
            rounds.release();
            return false;
        }, () -> false);
        thread.sleepBy(bell);
        thread.start();
        assertThat(rounds.tryAcquire(5, TimeUnit.SECONDS)).as("at start").isTrue();
        for (int i = 0; i < 100; i++) {
            rounds.drainPermits();
            thread.wake();
            assertThat(rounds.tryAcquire(5, TimeUnit.SECONDS)).as("wake %d", i).isTrue();
        }
        thread.stopAndWait(Duration.ofSeconds(5), () -> { });
        assertThat(thread.failure()).isNull();
    }
}
