package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import xenolith.posix.Iovec;

/// Domains with disks that do one request whenever the test says so.
class DiskSchedulerTest {
    private final Semaphore storage = new Semaphore(0);
    private final List<String> order = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicInteger mostUnderWay = new AtomicInteger();
    private final AtomicBoolean end = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    /// A disk that writes down who was served.
    private final class Slow implements DiskImage {
        private final String name;

        Slow(String name) {
            this.name = name;
        }

        @Override
        public boolean isReadOnly() {
            return false;
        }

        @Override
        public long sectorCount() {
            return 1;
        }

        @Override
        public int read(Iovec to, long offset) {
            mostUnderWay.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            order.add(name);
            storage.acquireUninterruptibly();
            underWay.decrementAndGet();
            return 0;
        }

        @Override
        public int write(Iovec from, long offset) {
            return read(from, offset);
        }

        @Override
        public int flush() {
            return read(null, 0);
        }

        @Override
        public int discard(long offset, long byteLength) {
            return read(null, 0);
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /// Queues that always have one more request.
    private void queues(DiskScheduler scheduler, String name, int count) {
        DiskImage image = scheduler.over(new Slow(name));
        for (int i = 0; i < count; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                while (!end.get()) {
                    image.flush();
                }
            }));
        }
    }

    /// Lets the storage do `count` requests, each when all queues that are not served wait for it.
    private void serve(int count, int most, int queues) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            awaitParked(most, queues);
            storage.release();
        }
        awaitParked(most, queues);
    }

    /// Every thread sits in the storage or waits for a turn.
    private void awaitParked(int most, int queues) throws InterruptedException {
        int calm = 0;
        while (calm < 3) {
            boolean parked = storage.availablePermits() == 0 && underWay.get() == Math.min(most, queues)
                    && threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING);
            calm = parked ? calm + 1 : 0;
            Thread.sleep(0, 50_000);
        }
    }

    private void finish() throws InterruptedException {
        end.set(true);
        storage.release(1_000_000);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private long count(List<String> names, String name) {
        return names.stream().filter(name::equals).count();
    }

    @Test
    void aModestDomainWaitsForNoMoreThanTheOthersBatch() throws InterruptedException {
        DiskScheduler scheduler = new DiskScheduler(2, 2, 4);
        queues(scheduler, "greedy", 8);
        awaitParked(2, 8);
        queues(scheduler, "modest", 1);
        serve(200, 2, 9);
        List<String> served = List.copyOf(order).subList(20, 200);
        int gap = 0;
        for (String name : served) {
            gap = name.equals("modest") ? 0 : gap + 1;
            // Its own request may be the one that is under way; then it is not waiting.
            assertThat(gap).as("%s", served).isLessThanOrEqualTo(2 * 4 + 2);
        }
        assertThat(count(served, "modest")).isGreaterThanOrEqualTo(180 / (2 * 4 + 2));
        finish();
    }

    @Test
    void twoGreedyDomainsGetTheSameWhateverTheirQueues() throws InterruptedException {
        DiskScheduler scheduler = new DiskScheduler(2, 2, 4);
        queues(scheduler, "many", 12);
        queues(scheduler, "few", 3);
        serve(300, 2, 15);
        List<String> served = List.copyOf(order).subList(20, 300);
        assertThat(count(served, "many")).isBetween(140L - 8, 140L + 8);
        finish();
    }

    @Test
    void noDomainHasMoreUnderWayThanItsShare() throws InterruptedException {
        DiskScheduler scheduler = new DiskScheduler(8, 3, 4);
        queues(scheduler, "alone", 6);
        serve(30, 3, 6);
        assertThat(mostUnderWay).hasValue(3);
        finish();
    }

    @Test
    void whoHasGoneIsNotWaitedFor() throws InterruptedException {
        DiskScheduler scheduler = new DiskScheduler(1, 1, 2);
        DiskImage gone = scheduler.over(new Slow("gone"));
        queues(scheduler, "one", 2);
        gone.close();
        gone.close();
        queues(scheduler, "two", 2);
        serve(40, 1, 4);
        List<String> served = List.copyOf(order);
        assertThat(count(served, "one")).isPositive();
        assertThat(count(served, "two")).isGreaterThan(12);
        finish();
    }
}
