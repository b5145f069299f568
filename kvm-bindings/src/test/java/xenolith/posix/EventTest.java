package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// [EventFd] and [Poll].
@Timeout(30)
class EventTest {
    private static final long SHORT_NS = 2_000_000;
    private static final long FOR_EVER = -1;

    @Test
    void drainTakesTheWholeCountOnce() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isZero();
            event.signal();
            event.signal();
            assertThat(event.drain()).isEqualTo(2);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void drainSharedDoesNotWaitThoughAnotherHasMadeTheDescriptorOneThatWaits() {
        int setFlags = 4;
        try (EventFd event = EventFd.create()) {
            assertThat(Libc.fcntl(CallState.ofThread(), event.raw(), setFlags, 0)).isZero();
            assertThat(event.drainShared()).isZero();
            event.signal();
            event.signal();
            assertThat(event.drainShared()).isEqualTo(2);
            assertThat(event.drainShared()).isZero();
        }
    }

    @Test
    void awaitSeesASignalAndLeavesIt() {
        try (EventFd event = EventFd.create()) {
            event.signal();
            assertThat(event.await(FOR_EVER)).isTrue();
            assertThat(event.await(0)).isTrue();
            assertThat(event.drain()).isEqualTo(1);
            assertThat(event.await(0)).isFalse();
        }
    }

    @Test
    void awaitWithoutASignalReturnsAtItsDeadline() {
        try (EventFd event = EventFd.create()) {
            long start = System.nanoTime();
            assertThat(event.await(SHORT_NS)).isFalse();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(SHORT_NS);
        }
    }

    @Test
    void awaitIsWokenByAnotherThread() {
        try (EventFd event = EventFd.create()) {
            CompletableFuture<Void> other = CompletableFuture.runAsync(event::signal);
            while (!event.await(FOR_EVER)) {
                Thread.onSpinWait();
            }
            other.join();
            assertThat(event.drain()).isEqualTo(1);
        }
    }

    @Test
    void pollTellsWhichOfSeveralIsReady() {
        try (EventFd quiet = EventFd.create(); EventFd loud = EventFd.create()) {
            Poll poll = new Poll(3);
            int first = poll.add(quiet.raw(), Poll.POLLIN);
            int second = poll.add(loud.raw(), Poll.POLLIN);
            int closed = poll.add(-1, Poll.POLLIN);
            assertThat(poll.await(0)).isZero();
            loud.signal();
            assertThat(poll.await(FOR_EVER)).isEqualTo(1);
            assertThat(poll.revents(first)).isZero();
            assertThat(poll.revents(second)).isEqualTo(Poll.POLLIN);
            assertThat(poll.revents(closed)).isZero();
            poll.events(first, Poll.POLLOUT);
            assertThat(poll.await(FOR_EVER)).isEqualTo(2);
            assertThat(poll.revents(first)).isEqualTo(Poll.POLLOUT);
        }
    }

    @Test
    void aPollSetHoldsNoMoreThanItsCapacityAndCanBeUsedAgain() {
        try (EventFd event = EventFd.create()) {
            Poll poll = new Poll(1);
            poll.add(event.raw(), Poll.POLLIN);
            assertThatThrownBy(() -> poll.add(event.raw(), Poll.POLLIN)).isInstanceOf(IllegalStateException.class);
            poll.clear();
            assertThat(poll.add(event.raw(), Poll.POLLOUT)).isZero();
            assertThat(poll.await(0)).isEqualTo(1);
        }
    }
}
