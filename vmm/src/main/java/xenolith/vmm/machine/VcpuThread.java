package xenolith.vmm.machine;

import java.util.concurrent.locks.ReentrantLock;
import xenolith.abi.HypercallNumber;
import xenolith.abi.XenCallback;
import xenolith.abi.XenVirq;
import xenolith.kvm.KvmExitReason;
import xenolith.kvm.KvmRun;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.KickSignal;
import xenolith.vmm.domain.Counters.Exit;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.control.DomainLog.Trace;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.mm.PageWalk;
import xenolith.vmm.monitor.MonitorAbi;
import xenolith.vmm.monitor.MonitorWindow;

/// One vcpu's thread: enters the guest, sorts out why it came back, and enters it again, until the domain ends.
final class VcpuThread implements Runnable {
    /// How soon to look again at a vcpu that was interrupted where its registers could not be touched.
    private static final long LOOK_AGAIN_NS = 60_000;
    private static final int NMI = 2;

    private final Vcpu vcpu;
    private final Domain domain;
    private final GuestCpu cpu;
    private final MonitorWindow window;
    private final HypercallServer server;
    private final Traps traps;
    private final Bounce bounce;
    private final IretHypercall iret;
    private final ReentrantLock lock;
    private final VcpuSleep sleep;
    private final Runnable beforeEntry;
    private final Runnable atEnd;
    private final SoftException softException;
    private final boolean tracing;

    VcpuThread(Vcpu vcpu, GuestCpu cpu, VcpuParts parts) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.cpu = cpu;
        this.window = vcpu.window();
        this.server = parts.server();
        this.traps = parts.traps();
        this.bounce = parts.bounce();
        this.iret = new IretHypercall(vcpu, cpu, bounce);
        this.lock = domain.lock();
        this.sleep = parts.sleep();
        this.beforeEntry = parts.beforeEntry();
        this.atEnd = parts.atEnd();
        this.softException = new SoftException(domain, cpu, window);
        this.tracing = domain.log().traces(Trace.EXITS);
    }

    @Override
    public void run() {
        lock.lock();
        try {
            KickSignal.blockOnCurrentThread();
            vcpu.attach(Thread.currentThread());
            cpu.run().validRegs(KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS);
            Registers registers = Registers.FREE;
            while (domain.end() == null) {
                boolean mustCommit = domain.hasCommitDue(vcpu);
                if (!mustCommit) {
                    sleep.whileDown();
                }
                // From here on a kick is a signal, which stays pending until the entry and then ends it at once: an
                // event that is raised after we looked is not lost.
                vcpu.enter(Vcpu.IN_GUEST);
                if (domain.end() != null) {
                    break;
                }
                deliverEvents(registers);
                if (mustCommit && !vcpu.isUp()) {
                    // Another vcpu took it down on its way to a commit, whose proof the others may wait for.
                    vcpu.timer().kickSoon(LOOK_AGAIN_NS);
                }
                registers = handle(enterGuest(registers));
            }
        } catch (HostException e) {
            Crash.of(vcpu, null, "the host failed: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            // Ours: it costs this domain, not the process.
            Crash.of(vcpu, null, "internal error: " + e + " at " + origin(e));
        } finally {
            vcpu.enter(Vcpu.IN_HOST);
            vcpu.timer().close();
            vcpu.runState().close();
            if (lock.isHeldByCurrentThread()) {
                lock.unlock();
            }
            atEnd.run();
        }
    }

    /// What may be done to the registers before the next entry.
    private enum Registers {
        /// They are the guest's own, at an instruction of its own.
        FREE,
        /// A stub of ours goes on, and will look for events by itself.
        AT_STUB,
        /// The vcpu stands somewhere within a stub, or KVM has something queued: nothing.
        HANDS_OFF
    }

    private static String origin(Throwable e) {
        StringBuilder text = new StringBuilder();
        StackTraceElement[] trace = e.getStackTrace();
        for (int i = 0; i < Math.min(trace.length, 8); i++) {
            text.append(i == 0 ? "" : " < ").append(trace[i]);
        }
        return text.toString();
    }

    /// Raises the timer's interrupt if it is due, and sends an upcall if the guest's registers are free to be changed
    /// and it wants events.
    private void deliverEvents(Registers registers) {
        if (vcpu.timer().expire()) {
            domain.events().raiseVirq(vcpu.id(), XenVirq.VIRQ_TIMER);
        }
        if (vcpu.nmi().isDue()) {
            deliverNmi(registers);
        }
        if (registers == Registers.AT_STUB || !vcpu.eventPending() || vcpu.eventsMasked()) {
            return;
        }
        if (registers == Registers.HANDS_OFF) {
            vcpu.timer().kickSoon(LOOK_AGAIN_NS);
            return;
        }
        long handler = vcpu.traps().callback(XenCallback.CALLBACKTYPE_EVENT);
        if (handler != 0 && !bounce.upcall(handler)) {
            Crash.of(vcpu, cpu, "an event and no stack for it");
        }
    }

    /// Sends the non-maskable interrupt, or looks again soon.
    private void deliverNmi(Registers registers) {
        if (registers != Registers.FREE) {
            vcpu.timer().kickSoon(LOOK_AGAIN_NS);
            return;
        }
        boolean hasHandler = vcpu.traps().handler(NMI) != 0;
        vcpu.nmi().take(hasHandler);
        if (hasHandler && !bounce.trap(NMI, false, 0)) {
            Crash.of(vcpu, cpu, "an NMI and no stack for it");
        }
    }

    /// Enters with the lock released; returns KVM_RUN's errno.
    private int enterGuest(Registers registers) {
        if (registers == Registers.FREE && domain.commits().isNeeded(vcpu.id()) && cpu.inKernel()) {
            resumeByCommit();
        }
        if (domain.end() != null) {
            return Errno.EINTR;
        }
        if (vcpu.debug().takeStale()) {
            cpu.loadDebugRegisters(vcpu.debug());
        }
        beforeEntry.run();
        lock.unlock();
        if (vcpu.takeFlush()) {
            cpu.flushTlb();
        }
        int errno = cpu.enter();
        vcpu.enter(Vcpu.IN_HOST);
        lock.lock();
        return errno;
    }

    /// Commits first, then goes on where the registers say. A commit that was prepared before must have been run: this one
    /// would take its place, and its list be lost.
    private void resumeByCommit() {
        if (!server.commitsProven()) {
            return;
        }
        window.resumeFrame(cpu.rip(), cpu.rflags(), cpu.rsp(), cpu.get(GuestCpu.RAX), cpu.get(GuestCpu.RCX));
        window.committing(cpu.get(GuestCpu.RDI));
        window.action(server.prepareResume(cpu.rsp()));
        cpu.ring0(domain.commits().commitRip(), window.commitListVa());
    }

    /// Handles an exit; answers whose the registers are before the next entry.
    private Registers handle(int errno) {
        if (errno == Errno.EINTR || errno == Errno.EAGAIN) {
            return kicked();
        }
        if (errno != 0) {
            throw new HostException("KVM_RUN", errno);
        }
        softException.arrived();
        KvmRun run = cpu.run();
        if (run.exitReason() == KvmExitReason.KVM_EXIT_MMIO && run.mmioIsWrite()) {
            return doorbell(run.mmioPhysAddr());
        }
        return otherExit(run);
    }

    private Registers kicked() {
        domain.counters().exit(Exit.KICK);
        KickSignal.consume();
        vcpu.timer().rearm();
        sleep.noteStolen();
        // An exception that is still to be delivered would be lost if registers were written.
        return !cpu.inRing0() && !MonitorAbi.isMonitorCode(cpu.rip()) && !cpu.exceptionQueued()
                && !softException.maybeQueued() ? Registers.FREE : Registers.HANDS_OFF;
    }

    private Registers doorbell(long ma) {
        if (tracing) {
            domain.log().line(String.format("vcpu%d doorbell 0x%x rip 0x%x", vcpu.id(), ma, cpu.rip()));
        }
        int bell = MonitorAbi.callBell(ma);
        if (bell == MonitorAbi.BELL_HYPERCALL) {
            return hypercall();
        }
        if (bell == MonitorAbi.BELL_SEND) {
            return unheardSend();
        }
        if (!server.commitsProven()) {
            return Registers.HANDS_OFF;
        }
        int vector = MonitorAbi.trapBell(ma);
        if (vector != MonitorAbi.NO_BELL) {
            domain.counters().exit(Exit.TRAP);
            return traps.atRing0(vector) ? Registers.FREE : Registers.HANDS_OFF;
        }
        return stubRang(bell, ma);
    }

    /// A stub could not do by itself what it is for: `bell` says which.
    private Registers stubRang(int bell, long ma) {
        switch (bell) {
            case MonitorAbi.BELL_KERNEL_FAULT -> {
                domain.counters().exit(Exit.KERNEL_FAULT);
                return traps.pageFault() ? Registers.FREE : Registers.AT_STUB;
            }
            case MonitorAbi.BELL_KERNEL_GP -> {
                domain.counters().exit(Exit.TRAP);
                return traps.kernelProtectionFault() ? Registers.FREE : Registers.AT_STUB;
            }
            case MonitorAbi.BELL_KERNEL_SYSCALL32 -> {
                domain.counters().exit(Exit.TRAP);
                traps.kernelSystemCall32();
            }
            case MonitorAbi.BELL_USER_FAULT -> {
                domain.counters().exit(Exit.USER_GATE);
                traps.userFault();
            }
            case MonitorAbi.BELL_USER_GATE4 -> {
                domain.counters().exit(Exit.USER_GATE);
                traps.userGate();
            }
            case MonitorAbi.BELL_DIVIDE -> traps.divideError();
            default -> Crash.of(vcpu, cpu, "a write to 0x" + Long.toHexString(ma) + ", where no memory is");
        }
        return Registers.FREE;
    }

    private Registers hypercall() {
        if (window.hypercallNumber() == HypercallNumber.IRET) {
            domain.counters().exit(Exit.HYPERCALL);
            domain.counters().hypercall(HypercallNumber.IRET);
            if (server.commitsProven()) {
                iret.perform();
            }
            return Registers.FREE;
        }
        domain.counters().exit(server.isLate() ? Exit.HYPERCALL_LATE : Exit.HYPERCALL);
        int left = server.hasServed(window.sequence()) ? 0 : server.serveRung();
        if ((left & MonitorAbi.ACT_COMMIT) != 0) {
            if ((left & MonitorAbi.ACT_FS_BASE) != 0) {
                cpu.fsBase(window.fsBase());
            }
            window.committing(window.argument(0));
            cpu.ring0(domain.commits().commitRip(), window.commitListVa());
        } else if (vcpu.nmi().isDue() && mayLeaveStub()) {
            return leaveStub();
        }
        return Registers.AT_STUB;
    }

    /// A send on a port without an eventfd of KVM's: an IPI, a pair's, or a backend's that has none. The stub has not
    /// posted it.
    private Registers unheardSend() {
        window.post(cpu.get(GuestRegisters.RAX), cpu.get(GuestRegisters.RDI), cpu.get(GuestRegisters.RSI));
        cpu.rip(domain.monitor().hypercallAnswered(vcpu.id()));
        return hypercall();
    }

    /// Whether the stub has nothing left to do but to return, to an address that Java may set.
    private boolean mayLeaveStub() {
        return server.isPlainlyAnswered() && !domain.hasCommitDue(vcpu)
                && PageWalk.isGuestAddress(window.callerRip());
    }

    /// Does what the stub would do with the answer. A vcpu that an NMI woke would else sleep again before we can send it.
    private Registers leaveStub() {
        cpu.set(GuestRegisters.RAX, server.result());
        cpu.set(GuestRegisters.RCX, window.callerRip());
        cpu.rip(window.callerRip());
        cpu.rsp(window.callerRsp());
        return Registers.FREE;
    }

    private Registers otherExit(KvmRun run) {
        domain.counters().exit(Exit.OTHER);
        int reason = run.exitReason();
        if (reason == KvmExitReason.KVM_EXIT_INTERNAL_ERROR && traps.isSystemCallGate()) {
            traps.systemCallWithBadStack();
            return Registers.FREE;
        }
        if (reason == KvmExitReason.KVM_EXIT_MMIO) {
            // The guest's kernel may read the doorbells; there is nothing to see.
            run.mmioData(-1);
            return Registers.HANDS_OFF;
        }
        String what = KvmExitReason.name(reason);
        if (reason == KvmExitReason.KVM_EXIT_INTERNAL_ERROR) {
            what += " suberror " + run.internalSuberror();
        }
        Crash.of(vcpu, cpu, what);
        return Registers.HANDS_OFF;
    }
}
