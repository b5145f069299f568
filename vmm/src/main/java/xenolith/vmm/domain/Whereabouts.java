package xenolith.vmm.domain;

import java.util.concurrent.locks.LockSupport;
import xenolith.posix.KickSignal;

/// Where a vcpu's thread is, and how it is brought to look around. No lock.
///
/// The thread stores where it goes and then looks for events; who has an event stores it and then reads where the thread
/// is. Both are volatile, so one of the two sees the other. A flush that is wanted goes the same way.
final class Whereabouts {
    /// What brings a vcpu to look around.
    enum Wake { NOTHING, SIGNAL, UNPARK }

    private volatile int where = Vcpu.IN_HOST;
    private volatile Thread thread;
    private volatile int tid;
    private volatile Thread server;
    private volatile boolean flushWanted;
    /// One that is blocked may look for this before it sleeps.
    private volatile boolean called;

    /// The calling thread is the vcpu's.
    void attach(Thread vcpuThread) {
        tid = KickSignal.currentTid();
        thread = vcpuThread;
    }

    /// The number of the vcpu's thread in Linux, once it is attached.
    int tid() {
        return tid;
    }

    /// Another thread answers the vcpu's hypercalls: its raises need no kick, the stub looks by itself.
    void servedBy(Thread poller) {
        server = poller;
    }

    void enter(int place) {
        where = place;
    }

    int where() {
        return where;
    }

    /// What an event that is stored by now needs. One that is in the host looks before it goes anywhere.
    Wake wake() {
        return switch (where) {
            case Vcpu.IN_GUEST -> Wake.SIGNAL;
            case Vcpu.BLOCKED -> Wake.UNPARK;
            default -> Wake.NOTHING;
        };
    }

    /// Neither the vcpu's own thread nor its poller needs to.
    void kick() {
        Thread current = Thread.currentThread();
        if (current == thread || current == server) {
            return;
        }
        switch (wake()) {
            case SIGNAL -> KickSignal.send(tid);
            case UNPARK -> call(thread);
            case NOTHING -> { }
        }
    }

    void wakeIfBlocked() {
        if (where == Vcpu.BLOCKED) {
            call(thread);
        }
    }

    private void call(Thread blocked) {
        called = true;
        LockSupport.unpark(blocked);
    }

    boolean isCalled() {
        return called;
    }

    void forgetCall() {
        called = false;
    }

    /// As [#kick], also by the poller: out of the guest, or out of whatever it waits for.
    void interrupt() {
        Thread target = thread;
        if (target != null && target != Thread.currentThread()) {
            if (where == Vcpu.IN_GUEST) {
                KickSignal.send(tid);
            }
            call(target);
        }
    }

    void wantFlush() {
        flushWanted = true;
    }

    /// Taken back only if it was seen: a wish that came between a look and an unconditional store would be lost.
    boolean takeFlush() {
        if (!flushWanted) {
            return false;
        }
        flushWanted = false;
        return true;
    }
}
