package xenolith.vmm.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import xenolith.kvm.CpuidTable;
import xenolith.kvm.Kvm;
import xenolith.kvm.KvmDebug;
import xenolith.kvm.KvmExitReason;
import xenolith.kvm.KvmRegs;
import xenolith.kvm.KvmRun;
import xenolith.kvm.KvmSegment;
import xenolith.kvm.KvmSregs;
import xenolith.kvm.KvmVcpu;
import xenolith.kvm.KvmVm;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.KickSignal;
import xenolith.posix.Mapping;
import xenolith.posix.Memfd;
import xenolith.posix.ThreadTimer;
import xenolith.vmm.guest.MachineMemory;

/// A VM with one vcpu that runs the code of `probe.S`, one probe at a time. Belongs to one thread, on which the kick
/// signal is blocked. A probe that does not come back is ended by a timer; after a few such, none is started any more.
final class ProbeGuest implements AutoCloseable {
    /// In place of an end: the probe hung, or KVM gave up on it.
    static final int NO_END = -1;

    private static final long MEMORY_BYTES = 2 << 20;
    private static final long TSS_ADDRESS = 0xfffb_d000L;
    /// No single run takes more than 1 ms on the slowest host known; a busy machine may add much.
    private static final long LIMIT_NS = 250_000_000;
    private static final int MOST_HUNG = 3;
    private static final int MSR_STAR = 0xc000_0081;
    private static final int MSR_LSTAR = 0xc000_0082;
    private static final int MSR_SFMASK = 0xc000_0084;
    private static final int LEAF_HYPERVISOR = 0x4000_0000;
    /// "Xenolith", in two registers; nobody's signature.
    static final int SIGNATURE_EBX = 0x6f6e_6558;
    static final int SIGNATURE_ECX = 0x6874_696c;
    private static final long RFLAGS = 0x202;
    private static final long CR0 = 0x8005_0033L;
    private static final long CR4_OSXMMEXCPT_OSFXSR_PAE = 0x620;
    private static final long EFER = 0xd01;
    private static final long EFER_SCE = 1;
    private static final long DR6_OFFSET = KvmDebug.DEBUGREGS.byteOffset(PathElement.groupElement("dr6"));
    private static final long DR7_OFFSET = KvmDebug.DEBUGREGS.byteOffset(PathElement.groupElement("dr7"));
    private static final long DR6_EMPTY = 0xffff0ff0L;
    private static final long DR7_EMPTY = 0x400;
    /// L0, write, eight bytes.
    private static final long DR7_STORE_8 = DR7_EMPTY | 1 | 1 << 16 | 2 << 18;
    private static final int TSS_BUSY = 0xb;
    private static final int TSS_LIMIT = 0x67;

    private final Deque<AutoCloseable> cleanup = new ArrayDeque<>();
    private final ProbeMemory memory;
    private final KvmVcpu vcpu;
    private final KvmRun run;
    private final ThreadTimer timer;
    private final MemorySegment startSregs = Arena.ofAuto().allocate(KvmSregs.LAYOUT);
    private final MemorySegment debugregs = Arena.ofAuto().allocate(KvmDebug.DEBUGREGS);
    private final long bellDone;
    private int hung;

    ProbeGuest(Kvm kvm) {
        boolean complete = false;
        try {
            KvmVm vm = owned(kvm.createVm());
            vm.setTssAddr(TSS_ADDRESS);
            Fd memfd = owned(Memfd.create("xenolith-probe", MEMORY_BYTES));
            Mapping mapping = owned(Mapping.shared(memfd, 0, MEMORY_BYTES, true));
            memory = new ProbeMemory(mapping.segment());
            vm.setMemory(0, MachineMemory.BASE_MFN << MachineMemory.PAGE_SHIFT, MEMORY_BYTES, mapping.address(), 0);
            vcpu = owned(vm.createVcpu(0));
            run = vcpu.page();
            bellDone = memory.image.symbol("bell_done");
            initVcpu(kvm);
            timer = owned(ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO));
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private <T extends AutoCloseable> T owned(T resource) {
        cleanup.push(resource);
        return resource;
    }

    private void initVcpu(Kvm kvm) {
        CpuidTable cpuid = kvm.supportedCpuid();
        int entry = cpuid.find(LEAF_HYPERVISOR, 0);
        if (entry == CpuidTable.NONE) {
            entry = cpuid.add(LEAF_HYPERVISOR, 0, 0, 0, 0, 0, 0);
        }
        cpuid.answer(entry, cpuid.eax(entry), SIGNATURE_EBX, SIGNATURE_ECX, 0);
        vcpu.setCpuid(cpuid);
        vcpu.setMsr(MSR_STAR, (long) ProbeMemory.RING0_CS << 32);
        vcpu.setMsr(MSR_LSTAR, memory.va("lstar"));
        vcpu.setMsr(MSR_SFMASK, 0);
        vcpu.setSignalMask(0);
        vcpu.getSregs(startSregs);
        initSregs(startSregs);
        run.validRegs(KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS);
    }

    /// Ring 3 of a 64-bit guest; the segments but CS and SS are empty.
    private void initSregs(MemorySegment s) {
        KvmSregs.cr0(s, CR0);
        KvmSregs.cr3(s, memory.root());
        KvmSregs.cr4(s, CR4_OSXMMEXCPT_OSFXSR_PAE);
        KvmSregs.efer(s, EFER);
        KvmSregs.code64(s, ProbeMemory.RING3_CS, 3);
        KvmSregs.data(s, ProbeMemory.RING3_SS, 3);
        for (long at : new long[] {KvmSregs.DS, KvmSregs.ES, KvmSregs.FS, KvmSregs.GS}) {
            KvmSegment.data(s, at, 0, 3);
            KvmSegment.unusable(s, at, 1);
        }
        KvmSregs.gdtBase(s, memory.va("gdt"));
        KvmSregs.gdtLimit(s, 0xfff);
        KvmSregs.idtBase(s, memory.va("idt"));
        KvmSregs.idtLimit(s, 0xfff);
        KvmSegment.base(s, KvmSregs.TR, memory.va("tss"));
        KvmSegment.limit(s, KvmSregs.TR, TSS_LIMIT);
        KvmSegment.selector(s, KvmSregs.TR, ProbeMemory.TSS_SELECTOR);
        KvmSegment.type(s, KvmSregs.TR, TSS_BUSY);
        KvmSegment.present(s, KvmSregs.TR, 1);
        KvmSegment.s(s, KvmSregs.TR, 0);
        KvmSegment.dpl(s, KvmSregs.TR, 0);
        KvmSegment.unusable(s, KvmSregs.TR, 0);
    }

    /// Sets or clears EFER.SCE for the runs to come.
    void enableSyscall(boolean enable) {
        KvmSregs.efer(startSregs, enable ? EFER : EFER & ~EFER_SCE);
    }

    /// Sets a breakpoint on stores to the 8 bytes at `va`; false if KVM has no debug registers to set.
    boolean breakOnStore(long va) {
        return debugRegisters(va, DR7_STORE_8);
    }

    void breakNowhere() {
        debugRegisters(0, DR7_EMPTY);
    }

    private boolean debugRegisters(long dr0, long dr7) {
        debugregs.set(ValueLayout.JAVA_LONG, 0, dr0);
        debugregs.set(ValueLayout.JAVA_LONG, DR6_OFFSET, DR6_EMPTY);
        debugregs.set(ValueLayout.JAVA_LONG, DR7_OFFSET, dr7);
        try {
            vcpu.setDebugregs(debugregs);
            return true;
        } catch (HostException refused) {
            return false;
        }
    }

    ProbeMemory memory() {
        return memory;
    }

    long tscKhz() {
        return vcpu.tscKhz();
    }

    /// Runs `probe` from its start with the given registers. Returns the bell that it rang: a vector, `bell_done` or
    /// `bell_exit`; or [#NO_END].
    int run(String probe, long rax, long rsi, long rdx) {
        MemorySegment regs = run.regs();
        regs.fill((byte) 0);
        KvmRegs.rip(regs, memory.va(probe));
        KvmRegs.rsp(regs, memory.va("data") + ProbeMemory.PAGE);
        KvmRegs.rflags(regs, RFLAGS);
        KvmRegs.rax(regs, rax);
        KvmRegs.rsi(regs, rsi);
        KvmRegs.rdx(regs, rdx);
        run.sregs().copyFrom(startSregs);
        run.dirtyRegs(KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS);
        return resume();
    }

    int run(String probe) {
        return run(probe, 0, 0, 0);
    }

    /// Lets the guest go on behind the bell that it rang.
    int resume() {
        if (hung >= MOST_HUNG) {
            return NO_END;
        }
        KickSignal.consume();
        timer.arm(LIMIT_NS);
        int errno = vcpu.run();
        timer.disarm();
        if (errno == Errno.EINTR || errno == Errno.EAGAIN) {
            hung++;
            return NO_END;
        }
        if (errno != 0) {
            throw new HostException("KVM_RUN", errno);
        }
        return end();
    }

    private int end() {
        long bell = run.mmioPhysAddr() - ProbeMemory.BELL_MA;
        boolean rung = run.exitReason() == KvmExitReason.KVM_EXIT_MMIO && run.mmioIsWrite()
                && bell >= 0 && bell < ProbeMemory.PAGE;
        return rung ? (int) bell : NO_END;
    }

    /// Whether `end` is that of a probe that ran down to its last instruction.
    boolean isDone(int end) {
        return end == bellDone;
    }

    long rax() {
        return KvmRegs.rax(run.regs());
    }

    long rbx() {
        return KvmRegs.rbx(run.regs());
    }

    long rcx() {
        return KvmRegs.rcx(run.regs());
    }

    long rip() {
        return KvmRegs.rip(run.regs());
    }

    @Override
    public void close() {
        while (!cleanup.isEmpty()) {
            try {
                cleanup.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("closing the probe's guest", e);
            }
        }
        KickSignal.consume();
    }
}
