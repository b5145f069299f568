package xenolith.backend;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import xenolith.vmm.port.DeviceAccess;

/// A thread that sleeps until someone has work for it.
///
/// [#wake] is what an event port's listener calls. It runs on a vCPU's thread in the middle of a hypercall, so it does
/// little: it writes one flag, and if that was not set yet it unparks the thread or rings its bell ([GuestBell#ring]: a
/// lock that is held for moments, and a write to an eventfd). The flag is cleared before the body looks for work, so a
/// wake that comes while the body runs makes it run once more and none is lost.
public final class BackendThread {
    /// One round of work.
    @FunctionalInterface
    public interface Body {
        /// Does what there is to do. Returns true if more is known to wait, false to sleep until the next wake.
        boolean run() throws Exception;
    }

    /// While it rests: whether it need no more, or is to stop.
    private static final long LOOK_AGAIN_NS = 5_000_000;

    private final Thread thread;
    private final Body body;
    private final Body lastRound;
    private volatile WorkSign sign = new WorkSign(_ -> { });
    /// Null for a thread that parks.
    private volatile GuestBell bell;
    private volatile boolean woken = true;
    private volatile boolean stopping;
    private volatile boolean ended;
    private volatile String failure;

    /// A thread called `name` that runs `body` at start and after each wake, and `lastRound` once when it is told to
    /// stop. Neither runs again after one of them has thrown.
    public BackendThread(String name, Body body, Body lastRound) {
        this.body = body;
        this.lastRound = lastRound;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
    }

    /// Says from now on, from the wake to the sleep, that a processor is wanted ([DeviceAccess#working]); with
    /// [#sleepBy] until it has slept for a while. Before [#start].
    public void workFor(DeviceAccess served) {
        sign = new WorkSign(served::working);
    }

    /// Sleeps by `guestBell` from now on, which stays the caller's; its body hears what it has counted. Before [#start].
    public void sleepBy(GuestBell guestBell) {
        bell = guestBell;
    }

    public void start() {
        thread.start();
    }

    /// Makes the body run (again). May be called by any thread, also before the start and after the end.
    public void wake() {
        // Skipping the unpark of a thread that is awake already spares the guest's hypercall a system call.
        if (!woken) {
            woken = true;
            // Here already: the thread may be waiting for the processor that it asks for.
            sign.begins();
            if (ended) {
                sign.ends();
            }
            rouse();
        }
    }

    private void rouse() {
        GuestBell rung = bell;
        if (rung != null) {
            rung.ring();
        } else {
            LockSupport.unpark(thread);
        }
    }

    /// Asks for the last round and waits for its end. Returns false if it has not ended in time; the thread is then
    /// interrupted, which frees it if it was stuck in an interruptible write.
    public boolean stop(Duration patience) {
        if (!askToStop()) {
            return true;
        }
        try {
            if (thread.join(patience)) {
                return true;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
        return false;
    }

    /// As [#stop], without end and without an interrupt: for a thread whose work must be over before its memory goes. Says
    /// `slow` each time that `patience` has passed. An interrupt of the caller's waits until then.
    public void stopAndWait(Duration patience, Runnable slow) {
        if (askToStop()) {
            ThreadEnd.await(thread, patience, slow);
        }
    }

    /// Returns false if there is no end to wait for: it has not started, or is the caller.
    private boolean askToStop() {
        stopping = true;
        rouse();
        return thread.getState() != Thread.State.NEW && thread != Thread.currentThread();
    }

    /// Whether it has been told to stop: a body that has much to do in one round looks now and then.
    public boolean isStopping() {
        return stopping;
    }

    /// For the body, which has work but may not do it yet: sleeps for `ns`, or until `isOver` or it is to stop. Wakes go on to
    /// count. Whoever is held back for so long that it is no work wants no processor meanwhile.
    public void rest(long ns, BooleanSupplier isOver) {
        boolean isLong = ns > WorkSign.LINGER_NS;
        long end = System.nanoTime() + ns;
        for (long left = ns; left > 0 && !stopping && !isOver.getAsBoolean(); left = end - System.nanoTime()) {
            if (isLong) {
                // Each time: a wake may have begun it again.
                sign.ends();
            }
            LockSupport.parkNanos(this, Math.min(left, LOOK_AGAIN_NS));
        }
        if (isLong) {
            sign.begins();
        }
    }

    /// Why the thread stopped by itself, or null while it is well.
    public String failure() {
        return failure;
    }

    private void loop() {
        try {
            while (!stopping) {
                woken = false;
                sign.begins();
                if (!body.run()) {
                    sleep();
                } else {
                    woken = true;
                }
            }
            lastRound.run();
        } catch (Exception e) {
            failure = e.getMessage() == null ? e.toString() : e.getMessage();
        } finally {
            ended = true;
            sign.ends();
        }
    }

    private void sleep() {
        GuestBell rung = bell;
        if (rung != null) {
            if (!sign.isShown() || !rung.await(WorkSign.LINGER_NS)) {
                sign.ends();
                rung.await(-1);
            }
            return;
        }
        sign.ends();
        while (!woken && !stopping) {
            LockSupport.park(this);
            // An interrupt would make every later park return at once. It means nothing to us but "look again".
            if (Thread.interrupted()) {
                return;
            }
        }
    }
}
