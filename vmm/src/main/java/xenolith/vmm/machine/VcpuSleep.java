package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.abi.XenVcpu;
import xenolith.abi.XenVirq;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.GuestAreas;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.hypercall.VcpuControl;

/// What a hypercall does to its own vcpu: sleep, yield, and the few registers that only the vcpu's thread can set.
final class VcpuSleep implements VcpuControl {
    /// A yield that takes so long has given the processor to somebody.
    private static final long GIVEN_NS = 20_000;

    private final Vcpu vcpu;
    private final Domain domain;
    private final GuestCpu cpu;
    private final ReentrantLock lock;
    private final HaltPolling polling = new HaltPolling();
    private final MemorySegment scratch = Arena.ofAuto().allocate(XenVcpu.RunstateInfo.SIZEOF, Long.BYTES);

    VcpuSleep(Vcpu vcpu, GuestCpu cpu) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.cpu = cpu;
        this.lock = domain.lock();
    }

    @Override
    public void block() {
        vcpu.maskEvents(false);
        if (!vcpu.eventPending() && !vcpu.nmi().isDue()) {
            domain.counters().block();
            sleepUntil(null, 0, Long.MAX_VALUE);
        }
    }

    @Override
    public void poll(int[] ports, int portCount, long deadlineNs) {
        if (!wantsEvents() && !anyPending(ports, portCount)) {
            sleepUntil(ports, portCount, deadlineNs);
        }
    }

    @Override
    public void yieldHost() {
        lock.unlock();
        Thread.yield();
        lock.lock();
    }

    @Override
    public void crashed(String reason) {
        Crash.of(vcpu, cpu, reason);
    }

    @Override
    public void kernelGsBase(long base) {
        cpu.gsBase(base);
    }

    @Override
    public void taskSwitched(boolean set) {
        cpu.taskSwitched(set);
    }

    /// Until there is a reason to wake ([#hasReason]).
    private void sleepUntil(int[] ports, int portCount, long deadlineNs) {
        runState(XenVcpu.RUNSTATE_BLOCKED);
        vcpu.enter(Vcpu.BLOCKED);
        long since = System.nanoTime();
        while (!hasReason(ports, portCount, deadlineNs)) {
            long until = Math.min(deadlineNs, vcpu.timer().nextDeadlineNs());
            lock.unlock();
            long givenNs = lookOut(since + polling.lookNs(), until);
            if (!mustLookAgain(until)) {
                sleep(until);
            }
            lock.lock();
            vcpu.runState().given(givenNs);
        }
        polling.waited(System.nanoTime() - since);
        vcpu.enter(Vcpu.IN_HOST);
        runState(XenVcpu.RUNSTATE_RUNNING);
    }

    /// Whether an event is pending (while events are unmasked, or one of `ports`), the deadline is past or the domain
    /// has ended; or a commit is wanted, which the call's end does: a guest looks why it was woken, and finds nothing.
    /// A timer that is due has its interrupt raised first.
    private boolean hasReason(int[] ports, int portCount, long deadlineNs) {
        // Who calls from here on has something that may be missed below.
        vcpu.forgetCall();
        if (domain.end() == null && vcpu.timer().expire()) {
            domain.events().raiseVirq(vcpu.id(), XenVirq.VIRQ_TIMER);
        }
        return domain.end() != null || domain.isCommitAwaited() || wantsEvents() || vcpu.nmi().isDue()
                || anyPending(ports, portCount) || domain.clock().nowNs() >= deadlineNs;
    }

    /// Looks until `endNanoTime` whether it [#mustLookAgain], giving its processor to whoever wants it. Returns for how
    /// long others have had it. Without the lock.
    private long lookOut(long endNanoTime, long deadlineNs) {
        long givenNs = 0;
        long now = System.nanoTime();
        while (now < endNanoTime && !mustLookAgain(deadlineNs)) {
            Thread.yield();
            long next = System.nanoTime();
            if (next - now > GIVEN_NS) {
                givenNs += next - now;
            }
            now = next;
        }
        return givenNs;
    }

    /// Whether somebody has called, or the deadline is there. Without the lock.
    private boolean mustLookAgain(long deadlineNs) {
        return vcpu.isCalled() || deadlineNs != Long.MAX_VALUE && domain.clock().nowNs() >= deadlineNs;
    }

    /// Sleeps until kicked or `deadlineNs` of system time. Without the lock.
    private void sleep(long deadlineNs) {
        long now = domain.clock().nowNs();
        if (deadlineNs == Long.MAX_VALUE) {
            LockSupport.park(vcpu);
        } else if (deadlineNs > now) {
            LockSupport.parkNanos(vcpu, deadlineNs - now);
        }
    }

    /// Sleeps for as long as the vcpu is down. Called with the lock held.
    void whileDown() {
        if (vcpu.isUp()) {
            return;
        }
        runState(XenVcpu.RUNSTATE_OFFLINE);
        vcpu.enter(Vcpu.BLOCKED);
        while (!vcpu.isUp() && domain.end() == null) {
            lock.unlock();
            LockSupport.park(vcpu);
            lock.lock();
        }
        vcpu.enter(Vcpu.IN_HOST);
        runState(XenVcpu.RUNSTATE_RUNNING);
    }

    /// Tells the guest what the host took from it, once in a while: called when the vcpu was kicked, as a busy one is by
    /// its timer.
    void noteStolen() {
        if (vcpu.runState().noteStolen()) {
            GuestAreas.updateRunstate(vcpu, vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT, scratch);
        }
    }

    /// With events masked, as in a poll by a spinlock, only the ports polled for count.
    private boolean wantsEvents() {
        return vcpu.eventPending() && !vcpu.eventsMasked();
    }

    private boolean anyPending(int[] ports, int portCount) {
        for (int i = 0; i < portCount; i++) {
            if (domain.events().isPending(ports[i])) {
                return true;
            }
        }
        return false;
    }

    private void runState(int state) {
        vcpu.runState().enter(state);
        GuestAreas.updateRunstate(vcpu, vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT, scratch);
    }
}
