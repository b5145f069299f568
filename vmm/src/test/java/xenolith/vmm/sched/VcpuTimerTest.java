package xenolith.vmm.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.KickSignal;

@Timeout(20)
class VcpuTimerTest {
    private static final long MS = 1_000_000;

    /// Any frequency will do where only the guest's clock counts.
    private final GuestClock clock = new GuestClock(2_000_000, 0);
    private final VcpuTimer timer = new VcpuTimer(clock);

    private static void waitUntil(GuestClock clock, long ns) {
        while (clock.nowNs() < ns) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aTimerThatWasNotSetNeverExpires() {
        assertThat(timer.nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
        assertThat(timer.expire()).isFalse();
    }

    @Test
    void aSingleshotExpiresOnceAndNotBeforeItsTime() {
        long deadline = clock.nowNs() + 20 * MS;
        timer.setSingleshot(deadline);
        assertThat(timer.nextDeadlineNs()).isEqualTo(deadline);

        boolean early = timer.expire() && clock.nowNs() < deadline;
        waitUntil(clock, deadline);

        assertThat(early).isFalse();
        assertThat(timer.expire()).isTrue();
        assertThat(timer.expire()).isFalse();
        assertThat(timer.nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
    }

    @Test
    void aDeadlineInThePastIsDueAtOnce() {
        for (long deadline : new long[] {0, 1, -1, Long.MIN_VALUE}) {
            timer.setSingleshot(deadline);
            assertThat(timer.expire()).as("deadline %d", deadline).isTrue();
            assertThat(timer.expire()).isFalse();
        }
    }

    @Test
    void aStoppedSingleshotDoesNotExpire() {
        timer.setSingleshot(1);
        timer.stopSingleshot();

        assertThat(timer.expire()).isFalse();
    }

    @Test
    void aLaterSettingReplacesAnEarlierOne() {
        timer.setSingleshot(1);
        timer.setSingleshot(clock.nowNs() + 3_600_000 * MS);

        assertThat(timer.expire()).isFalse();
    }

    @Test
    void missedPeriodsAreOneEventAndTheNextKeepsTheGrid() {
        long period = 5 * MS;
        timer.setPeriod(period);
        long first = timer.nextDeadlineNs();

        waitUntil(clock, first + 3 * period);
        assertThat(timer.expire()).isTrue();

        long next = timer.nextDeadlineNs();
        assertThat((next - first) % period).isZero();
        assertThat(next).isGreaterThan(first + 3 * period);
    }

    @Test
    void theEarlierOfPeriodAndSingleshotCounts() {
        timer.setPeriod(3_600_000 * MS);
        long soon = clock.nowNs() + MS;
        timer.setSingleshot(soon);
        assertThat(timer.nextDeadlineNs()).isEqualTo(soon);
        waitUntil(clock, soon);

        assertThat(timer.expire()).isTrue();
        assertThat(timer.expire()).as("the period is not over").isFalse();
        timer.setPeriod(0);
        assertThat(timer.nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
    }

    // ---- the alarm: a signal to a thread of its own, which has blocked it

    private static void onOwnThread(Callable<Void> test) throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "thread timers are Linux's");
        FutureTask<Void> task = new FutureTask<>(() -> {
            KickSignal.blockOnCurrentThread();
            return test.call();
        });
        Thread thread = new Thread(task);
        thread.start();
        task.get(15, TimeUnit.SECONDS);
        thread.join();
    }

    private static boolean kickedWithin(long ms) throws InterruptedException {
        long end = System.nanoTime() + ms * MS;
        while (System.nanoTime() < end) {
            if (KickSignal.consume()) {
                return true;
            }
            Thread.sleep(1);
        }
        return false;
    }

    @Test
    void anArmedDeadlineKicksItsThread() throws Exception {
        onOwnThread(() -> {
            try (VcpuTimer own = new VcpuTimer(clock)) {
                own.attachToCurrentThread();
                own.setSingleshot(clock.nowNs() + 10 * MS);
                assertThat(kickedWithin(5_000)).isTrue();
            }
            return null;
        });
    }

    @Test
    void aDeadlineSetBeforeTheThreadCameIsArmedWhenItComes() throws Exception {
        onOwnThread(() -> {
            try (VcpuTimer own = new VcpuTimer(clock)) {
                own.setSingleshot(clock.nowNs() + 5 * MS);
                own.attachToCurrentThread();
                assertThat(kickedWithin(5_000)).isTrue();
            }
            return null;
        });
    }

    @Test
    void deadlinesInThePastKickAtOnceHoweverLongAgo() throws Exception {
        onOwnThread(() -> {
            try (VcpuTimer own = new VcpuTimer(clock)) {
                own.attachToCurrentThread();
                for (long deadline : new long[] {0, -1, Long.MIN_VALUE}) {
                    own.setSingleshot(deadline);
                    assertThat(kickedWithin(2_000)).as("deadline %d", deadline).isTrue();
                }
            }
            return null;
        });
    }

    @Test
    void aStoppedTimerKicksNoMore() throws Exception {
        onOwnThread(() -> {
            try (VcpuTimer own = new VcpuTimer(clock)) {
                own.attachToCurrentThread();
                own.setSingleshot(clock.nowNs() + 200 * MS);
                own.stopSingleshot();
                assertThat(kickedWithin(400)).isFalse();
            }
            return null;
        });
    }

    /// The host's clock and the guest's drift apart: then the alarm may come before the deadline, and must come again.
    @Test
    void anAlarmThatCameTooEarlyIsArmedAgain() throws Exception {
        // Said to tick twice as fast as it does, so guest time goes at about half the host's pace or less.
        GuestClock slow = new GuestClock(20_000_000, 0);
        onOwnThread(() -> {
            try (VcpuTimer own = new VcpuTimer(slow)) {
                own.attachToCurrentThread();
                own.setSingleshot(slow.nowNs() + 50 * MS);
                assertThat(kickedWithin(2_000)).isTrue();
                assertThat(own.expire()).as("too early by the guest's clock").isFalse();
                own.rearm();
                assertThat(kickedWithin(2_000)).as("a second alarm").isTrue();
            }
            return null;
        });
    }

    @Test
    void aKickOnDemandLeavesTheDeadlineInPlace() throws Exception {
        onOwnThread(() -> {
            try (VcpuTimer own = new VcpuTimer(clock)) {
                own.attachToCurrentThread();
                long deadline = clock.nowNs() + 150 * MS;
                own.setSingleshot(deadline);
                own.kickSoon(1);
                assertThat(kickedWithin(2_000)).isTrue();
                own.rearm();
                assertThat(kickedWithin(5_000)).as("the deadline's own").isTrue();
            }
            return null;
        });
    }
}
