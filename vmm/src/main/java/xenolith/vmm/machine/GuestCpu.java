package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.kvm.KvmDebug;
import xenolith.kvm.KvmRegs;
import xenolith.kvm.KvmRun;
import xenolith.kvm.KvmSegment;
import xenolith.kvm.KvmSregs;
import xenolith.kvm.KvmVcpu;
import xenolith.vmm.domain.DebugRegisters;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.monitor.MonitorAbi;
import xenolith.vmm.monitor.MonitorWindow;

/// The registers of a vcpu that is out of the guest, as the guest's own code would see them, over the register sets
/// that KVM shares in `kvm_run`. What was changed is written back at the next entry.
final class GuestCpu implements GuestRegisters {
    private static final long RFLAGS_RESERVED = 0x2;
    private static final long RFLAGS_IF = 0x200;
    private static final long CR0_TS = 0x8;
    private static final long CR4_PGE = 0x80;
    private static final int USER_CS = 0x33;
    private static final long DR6_OFFSET = KvmDebug.DEBUGREGS.byteOffset(PathElement.groupElement("dr6"));
    private static final long DR7_OFFSET = KvmDebug.DEBUGREGS.byteOffset(PathElement.groupElement("dr7"));
    private static final long DR6_EMPTY = 0xffff0ff0L;
    private static final int USER_SS = 0x2b;

    private final int vcpuId;
    private final KvmVcpu kvm;
    private final KvmRun run;
    private final MemorySegment regs;
    private final MemorySegment sregs;
    private final MonitorWindow window;
    private final boolean enableSyscall;
    private final MemorySegment debugregs = Arena.ofAuto().allocate(KvmDebug.DEBUGREGS);
    private boolean selectorsTold;
    private long dirty;

    /// @param enableSyscall whether EFER must say that SYSCALL is allowed
    GuestCpu(int vcpuId, KvmVcpu kvm, MonitorWindow window, boolean enableSyscall) {
        this.vcpuId = vcpuId;
        this.kvm = kvm;
        this.run = kvm.page();
        this.regs = run.regs();
        this.sregs = run.sregs();
        this.window = window;
        this.enableSyscall = enableSyscall;
    }

    KvmRun run() {
        return run;
    }

    /// Enters the guest; 0 or the errno of `KVM_RUN`.
    int enter() {
        run.dirtyRegs(dirty);
        dirty = 0;
        return kvm.run();
    }

    /// Whether KVM has an exception to deliver at the next entry: then registers must not be written, or it is lost.
    boolean exceptionQueued() {
        return kvm.exceptionQueued();
    }

    /// The vector of the exception that KVM had for the guest last, delivered or not.
    int lastException() {
        return kvm.lastException();
    }

    /// Drops the vcpu's translations without its help: KVM flushes when control registers change.
    void flushTlb() {
        KvmSregs.cr4(sregs, KvmSregs.cr4(sregs) ^ CR4_PGE);
        kvm.setSregs(sregs);
        KvmSregs.cr4(sregs, KvmSregs.cr4(sregs) ^ CR4_PGE);
        kvm.setSregs(sregs);
        dirty &= ~KvmRun.KVM_SYNC_X86_SREGS;
    }

    // ---- general registers

    @Override
    public long get(int register) {
        return KvmRegs.get(regs, register);
    }

    @Override
    public void set(int register, long value) {
        KvmRegs.set(regs, register, value);
        dirty |= KvmRun.KVM_SYNC_X86_REGS;
    }

    @Override
    public long rip() {
        return KvmRegs.rip(regs);
    }

    @Override
    public void rip(long value) {
        KvmRegs.rip(regs, value);
        dirty |= KvmRun.KVM_SYNC_X86_REGS;
    }

    @Override
    public long rflags() {
        return KvmRegs.rflags(regs);
    }

    /// The interrupt flag is always set while the guest runs; what it believes of it is `evtchn_upcall_mask`.
    @Override
    public void rflags(long value) {
        KvmRegs.rflags(regs, value | RFLAGS_RESERVED | RFLAGS_IF);
        dirty |= KvmRun.KVM_SYNC_X86_REGS;
    }

    long rsp() {
        return KvmRegs.rsp(regs);
    }

    void rsp(long value) {
        set(RSP, value);
    }

    // ---- mode

    /// Whether the guest's kernel root is loaded.
    boolean inKernel() {
        return KvmSregs.cr3(sregs) == window.kernelCr3();
    }

    int cs() {
        return KvmSregs.csSelector(sregs);
    }

    int ss() {
        return KvmSregs.ssSelector(sregs);
    }

    boolean inRing0() {
        return KvmSregs.csDpl(sregs) == 0;
    }

    /// From user to kernel mode: root, GS base and segments.
    void switchToKernel() {
        window.userGs(KvmSregs.gsBase(sregs));
        KvmSregs.gsBase(sregs, canonical(window.kernelGs()));
        KvmSregs.cr3(sregs, window.kernelCr3());
        kernelSegments();
    }

    /// From kernel to user mode, on `cs` and `ss`, which get ring 3.
    void switchToUser(int cs, int ss) {
        window.kernelGs(KvmSregs.gsBase(sregs));
        KvmSregs.gsBase(sregs, canonical(window.userGs()));
        KvmSregs.cr3(sregs, window.userCr3());
        userSegments(cs, ss);
    }

    /// Undoes the first half of a way into the kernel: the user's root again; its GS base is still loaded.
    void backToUser() {
        KvmSregs.cr3(sregs, window.userCr3());
        dirty |= KvmRun.KVM_SYNC_X86_SREGS;
    }

    void kernelSegments() {
        segments(MonitorAbi.GUEST_CS, MonitorAbi.GUEST_SS, true);
    }

    void userSegments(int cs, int ss) {
        boolean long64 = cs == USER_CS || cs == MonitorAbi.GUEST_CS;
        segments(cs, long64 ? USER_SS : ss, long64);
    }

    private void segments(int cs, int ss, boolean long64) {
        KvmSregs.code64(sregs, cs | 3, 3);
        if (!long64) {
            KvmSegment.l(sregs, KvmSregs.CS, 0);
            KvmSegment.db(sregs, KvmSregs.CS, 1);
            flatUnlessTold(KvmSregs.DS);
            flatUnlessTold(KvmSregs.ES);
        }
        KvmSregs.data(sregs, ss | 3, 3);
        dirty |= KvmRun.KVM_SYNC_X86_SREGS;
    }

    /// Some hosts do not tell which data segments ring 3 has loaded, and put back the ones that they know of: empty ones, or
    /// what another process tried to load. 64-bit code does not care; 32-bit code cannot live without.
    private void flatUnlessTold(long segment) {
        if (!selectorsTold) {
            KvmSegment.data(sregs, segment, USER_SS, 3);
        }
    }

    /// Whether the code that runs is 64-bit code.
    boolean in64BitCode() {
        return KvmSegment.l(sregs, KvmSregs.CS) != 0;
    }

    /// Says that the host tells which data segments ring 3 has loaded.
    void selectorsAreTold() {
        selectorsTold = true;
    }

    boolean tellsSelectors() {
        return selectorsTold;
    }

    /// The selector of DS, ES, FS or GS, where the host tells.
    int selector(long segment) {
        return KvmSegment.selector(sregs, segment);
    }

    /// Ring 0 of the monitor, at `rip` with stack `rsp` and interrupts off.
    void ring0(long rip, long rsp) {
        KvmSregs.code64(sregs, MonitorAbi.RING0_CS, 0);
        KvmSregs.data(sregs, MonitorAbi.RING0_SS, 0);
        KvmRegs.rip(regs, rip);
        KvmRegs.rsp(regs, rsp);
        KvmRegs.rflags(regs, RFLAGS_RESERVED);
        dirty |= KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS;
    }

    // ---- system registers

    long cr2() {
        return KvmSregs.cr2(sregs);
    }

    long fsBase() {
        return KvmSregs.fsBase(sregs);
    }

    void fsBase(long base) {
        KvmSregs.fsBase(sregs, base);
        dirty |= KvmRun.KVM_SYNC_X86_SREGS;
    }

    long gsBase() {
        return KvmSregs.gsBase(sregs);
    }

    void gsBase(long base) {
        KvmSregs.gsBase(sregs, base);
        dirty |= KvmRun.KVM_SYNC_X86_SREGS;
    }

    void taskSwitched(boolean set) {
        long cr0 = KvmSregs.cr0(sregs);
        KvmSregs.cr0(sregs, set ? cr0 | CR0_TS : cr0 & ~CR0_TS);
        dirty |= KvmRun.KVM_SYNC_X86_SREGS;
    }

    /// Loads the guest's breakpoints. DR6 starts empty: what was in it, the guest's own copy has.
    void loadDebugRegisters(DebugRegisters debug) {
        debugregs.fill((byte) 0);
        for (int n = 0; n < 4; n++) {
            debugregs.setAtIndex(ValueLayout.JAVA_LONG, n, debug.get(n));
        }
        debugregs.set(ValueLayout.JAVA_LONG, DR6_OFFSET, DR6_EMPTY);
        debugregs.set(ValueLayout.JAVA_LONG, DR7_OFFSET, debug.get(7));
        kvm.setDebugregs(debugregs);
    }

    /// DR6 as the processor left it.
    long debugStatus() {
        kvm.getDebugregs(debugregs);
        return debugregs.get(ValueLayout.JAVA_LONG, DR6_OFFSET);
    }

    void xcr0(long value) {
        kvm.setXcr0(value);
    }

    void msr(int index, long value) {
        kvm.setMsr(index, value);
    }

    int vcpuId() {
        return vcpuId;
    }

    private static long canonical(long va) {
        return va << 16 >> 16;
    }

    /// Sets everything for a vcpu's first instruction; general registers are the caller's.
    void reset() {
        regs.fill((byte) 0);
        MachineState.init(sregs, vcpuId, window.kernelCr3());
        KvmSregs.efer(sregs, enableSyscall ? MachineState.EFER | MachineState.EFER_SCE : MachineState.EFER);
        rflags(0);
        dirty |= KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS;
    }

    /// Several lines for a crash report.
    String describe() {
        String[] names = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
            "r13", "r14", "r15"};
        StringBuilder text = new StringBuilder(String.format("  rip %016x  rflags %x  cs %x  ss %x  %s mode%n", rip(),
                rflags(), cs(), ss(), inRing0() ? "monitor" : inKernel() ? "kernel" : "user"));
        for (int i = 0; i < names.length; i++) {
            text.append(String.format("  %-3s %016x%s", names[i], get(i), i % 4 == 3 ? "\n" : ""));
        }
        return text.append(String.format("  cr2 %016x  cr3 %x  fs %x  gs %x%n", cr2(), KvmSregs.cr3(sregs), fsBase(),
                gsBase())).toString();
    }

    /// What [Monitor] wants the vcpu's system registers to be.
    private static final class MachineState {
        private static final long CR0 = 0x8005_0033L;
        private static final long CR4_PAE = 0x20;
        private static final long CR4_OSFXSR = 0x200;
        private static final long CR4_OSXMMEXCPT = 0x400;
        private static final long CR4_FSGSBASE = 0x1_0000;
        private static final long CR4_OSXSAVE = 0x4_0000;
        private static final long EFER = 0xd00;
        private static final long EFER_SCE = 1;
        private static final int TSS_BUSY = 0xb;
        private static final int TSS_LIMIT = 0x67;
        private static final int LDT_TYPE = 2;

        static void init(MemorySegment s, int id, long cr3) {
            KvmSregs.cr0(s, CR0);
            KvmSregs.cr3(s, cr3);
            KvmSregs.cr4(s, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE);
            KvmSregs.code64(s, MonitorAbi.GUEST_CS, 3);
            KvmSregs.data(s, MonitorAbi.GUEST_SS, 3);
            for (long at : new long[] {KvmSregs.DS, KvmSregs.ES, KvmSregs.FS, KvmSregs.GS}) {
                KvmSegment.data(s, at, 0, 3);
                KvmSegment.unusable(s, at, 1);
            }
            ldt(s, id);
            KvmSregs.gdtBase(s, Monitor.gdtBase(id));
            KvmSregs.gdtLimit(s, Monitor.gdtLimit());
            KvmSregs.idtBase(s, Monitor.idtBase(id));
            KvmSregs.idtLimit(s, 0xfff);
            system(s, KvmSregs.TR, Monitor.tssBase(id), TSS_LIMIT, Monitor.tssSelector(), TSS_BUSY);
        }

        /// Never left alone: KVM starts a vcpu with an LDT at address 0, where the guest could put a gate to ring 0.
        private static void ldt(MemorySegment s, int id) {
            system(s, KvmSregs.LDT, Monitor.ldtBase(id), Monitor.ldtLimit(), Monitor.ldtSelector(), LDT_TYPE);
        }

        private static void system(MemorySegment s, long at, long base, int limit, int selector, int type) {
            KvmSegment.base(s, at, base);
            KvmSegment.limit(s, at, limit);
            KvmSegment.selector(s, at, selector);
            KvmSegment.type(s, at, type);
            KvmSegment.present(s, at, 1);
            KvmSegment.s(s, at, 0);
            KvmSegment.dpl(s, at, 0);
            KvmSegment.unusable(s, at, 0);
        }
    }
}
