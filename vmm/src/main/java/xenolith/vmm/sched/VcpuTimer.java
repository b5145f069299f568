package xenolith.vmm.sched;

import xenolith.posix.KickSignal;
import xenolith.posix.ThreadTimer;

/// A vcpu's timers: the singleshot of `VCPUOP_set_singleshot_timer` or `set_timer_op`, and the periodic one.
///
/// Times are system time of [GuestClock]. An armed deadline sends the kick signal to the vcpu's thread, which ends its
/// stay in the guest; a blocked vcpu waits no longer than [#nextDeadlineNs].
///
/// Lock: the domain's.
public final class VcpuTimer implements AutoCloseable {
    /// No deadline.
    public static final long NEVER = Long.MAX_VALUE;

    private final GuestClock clock;
    private ThreadTimer alarm;
    private long singleshotNs = NEVER;
    private long periodNs;
    private long nextPeriodNs = NEVER;
    private long armedNs = NEVER;

    public VcpuTimer(GuestClock clock) {
        this.clock = clock;
    }

    /// Called on the vcpu's thread, once.
    public void attachToCurrentThread() {
        alarm = ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO);
        rearm();
    }

    public void setSingleshot(long deadlineNs) {
        singleshotNs = deadlineNs;
        rearm();
    }

    public void stopSingleshot() {
        setSingleshot(NEVER);
    }

    /// @param nanoseconds 0 stops it
    public void setPeriod(long nanoseconds) {
        periodNs = nanoseconds;
        nextPeriodNs = nanoseconds == 0 ? NEVER : clock.nowNs() + nanoseconds;
        rearm();
    }

    public long nextDeadlineNs() {
        return Math.min(singleshotNs, nextPeriodNs);
    }

    /// Whether a deadline has passed: then `VIRQ_TIMER` is due. It is answered once for each deadline.
    public boolean expire() {
        long deadline = nextDeadlineNs();
        if (deadline == NEVER) {
            return false;
        }
        long now = clock.nowNs();
        if (now < deadline) {
            return false;
        }
        if (now >= singleshotNs) {
            singleshotNs = NEVER;
        }
        if (now >= nextPeriodNs) {
            nextPeriodNs += (1 + (now - nextPeriodNs) / periodNs) * periodNs;
        }
        armedNs = NEVER;
        rearm();
        return true;
    }

    /// Sends a kick after `delayNs` whatever the deadlines: when the vcpu could not be touched where it was stopped.
    public void kickSoon(long delayNs) {
        armedNs = NEVER;
        alarm.arm(delayNs);
    }

    /// Arms the alarm anew after a kick that may not have been the deadline's.
    public void rearm() {
        long deadline = nextDeadlineNs();
        if (alarm == null || deadline == NEVER && armedNs == NEVER) {
            return;
        }
        // Also if it is armed for this very deadline: by the guest's clock, the alarm may have come too early.
        armedNs = deadline;
        if (deadline == NEVER) {
            alarm.disarm();
        } else {
            long now = clock.nowNs();
            alarm.arm(deadline <= now ? 1 : deadline - now);
        }
    }

    @Override
    public void close() {
        if (alarm != null) {
            alarm.close();
        }
    }
}
