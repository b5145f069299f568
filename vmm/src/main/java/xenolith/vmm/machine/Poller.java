package xenolith.vmm.machine;

import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.monitor.MonitorWindow;

/// A thread that watches a vcpu's mailbox and answers its hypercalls while the stub spins: no exit. It costs a host
/// core while the vcpu runs, and sleeps soon after the vcpu does.
///
/// The stub spins only while the window says that a poller is awake; else it rings, which is always right.
final class Poller implements Runnable {
    /// Looks at the mailbox before it is asked whether the vcpu still runs.
    private static final int LOOKS = 64;
    /// Rounds of looks without a running vcpu, a few microseconds each, before it sleeps.
    private static final int PATIENCE = 200;
    /// Calls in a row that it may be late for before it gives up its core, which it does not seem to have, for a rest.
    private static final int MOST_LATE = 6;
    private static final long REST_NS = 20_000_000;

    private final Vcpu vcpu;
    private final Domain domain;
    private final MonitorWindow window;
    private final HypercallServer server;
    private final Processors processors;
    private final ReentrantLock lock;
    private volatile Thread thread;
    private volatile boolean asleep = true;
    private volatile long restUntilNanoTime = System.nanoTime();

    Poller(Vcpu vcpu, HypercallServer server, Processors processors) {
        this.processors = processors;
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.window = vcpu.window();
        this.server = server;
        this.lock = domain.lock();
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        vcpu.servedBy(thread);
        try {
            awake(true);
            int idle = 0;
            while (domain.end() == null) {
                look();
                idle = vcpu.where() == Vcpu.IN_GUEST ? 0 : idle + 1;
                if (idle > PATIENCE || mustRest()) {
                    sleep();
                    idle = 0;
                }
            }
        } catch (RuntimeException | Error e) {
            Crash.of(vcpu, null, "internal error: " + e);
        } finally {
            window.poller(false);
        }
    }

    /// Wakes it if it sleeps, or lets it rest if it is of no use; the vcpu's thread calls this before each entry, with
    /// the lock held.
    void wake() {
        if (server.late() > MOST_LATE) {
            server.forgetLate();
            restUntilNanoTime = System.nanoTime() + REST_NS;
            window.poller(false);
        } else if (asleep && !mustRest()) {
            LockSupport.unpark(thread);
        }
    }

    /// Lets it see that the domain has ended.
    void stop() {
        LockSupport.unpark(thread);
    }

    private void look() {
        for (int i = 0; i < LOOKS; i++) {
            if (!server.hasServed(window.sequence()) && !server.isHandedOver(window.sequence())) {
                serve();
                return;
            }
            Thread.onSpinWait();
        }
    }

    /// The vcpu's thread may have come out of the guest meanwhile, and served the call itself.
    private void serve() {
        lock.lock();
        try {
            long sequence = window.sequence();
            if (vcpu.where() == Vcpu.IN_GUEST && !server.hasServed(sequence) && !server.isHandedOver(sequence)
                    && domain.end() == null) {
                server.servePolled();
            }
        } finally {
            lock.unlock();
        }
    }

    private void sleep() {
        lock.lock();
        try {
            awake(false);
        } finally {
            lock.unlock();
        }
        while (domain.end() == null && (mustRest() || vcpu.where() != Vcpu.IN_GUEST)) {
            LockSupport.park(this);
        }
        awake(true);
    }

    private boolean mustRest() {
        return processors.areShort() || System.nanoTime() - restUntilNanoTime < 0;
    }

    private void awake(boolean yes) {
        asleep = !yes;
        window.poller(yes);
    }
}
