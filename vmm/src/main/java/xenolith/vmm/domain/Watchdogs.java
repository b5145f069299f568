package xenolith.vmm.domain;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.abi.XenErrno;
import xenolith.vmm.control.DomainEnd;

/// A domain's watchdogs (`SCHEDOP_watchdog`, `xen/sched.h`): timers that end it unless the guest sets them anew in time.
///
/// Lock: the domain's. A thread of their own waits for them, from the first use on: a guest that hangs may have no vcpu
/// that ever comes out.
public final class Watchdogs {
    /// As many as Xen has.
    static final int COUNT = 2;
    private static final long NS_PER_SECOND = 1_000_000_000L;
    private static final long UNUSED = Long.MIN_VALUE;

    private final Domain domain;
    private final ReentrantLock lock;
    private final Condition changed;
    /// By [System#nanoTime].
    private final long[] deadline = {UNUSED, UNUSED};
    private volatile Thread waiter;

    Watchdogs(Domain domain, ReentrantLock lock) {
        this.domain = domain;
        this.lock = lock;
        this.changed = lock.newCondition();
    }

    /// Sets watchdog `id` to end the domain in `seconds`, or takes it back for 0; `id` 0 is for one that is free.
    ///
    /// @return the number of a new one, 0, or a negative errno
    public long set(int id, int seconds) {
        if (id < 0 || id > COUNT) {
            return -XenErrno.EINVAL;
        }
        if (id == 0) {
            return seconds == 0 ? -XenErrno.EINVAL : setFree(seconds);
        }
        if (deadline[id - 1] == UNUSED) {
            return -XenErrno.EINVAL;
        }
        arm(id - 1, seconds);
        return 0;
    }

    private long setFree(int seconds) {
        for (int i = 0; i < COUNT; i++) {
            if (deadline[i] == UNUSED) {
                arm(i, seconds);
                return i + 1;
            }
        }
        return -XenErrno.ENOSPC;
    }

    private void arm(int index, int seconds) {
        long ns = Integer.toUnsignedLong(seconds) * NS_PER_SECOND;
        long at = System.nanoTime() + ns;
        deadline[index] = seconds == 0 ? UNUSED : at == UNUSED ? at + 1 : at;
        if (waiter == null) {
            waiter = Thread.ofPlatform().daemon().name("watchdog-" + domain.name()).start(this::waitForDeadlines);
        }
        lock.lock();
        try {
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Lets the thread see that the domain has ended. Any thread, without the lock.
    void stop() {
        Thread thread = waiter;
        if (thread != null) {
            thread.interrupt();
        }
    }

    private void waitForDeadlines() {
        lock.lock();
        try {
            while (domain.end() == null) {
                long leftNs = leftNs();
                if (leftNs <= 0) {
                    domain.end(new DomainEnd.WatchdogExpired());
                } else if (leftNs == Long.MAX_VALUE) {
                    changed.await();
                } else {
                    changed.awaitNanos(leftNs);
                }
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private long leftNs() {
        long least = Long.MAX_VALUE;
        for (long at : deadline) {
            if (at != UNUSED) {
                least = Math.min(least, at - System.nanoTime());
            }
        }
        return least;
    }
}
