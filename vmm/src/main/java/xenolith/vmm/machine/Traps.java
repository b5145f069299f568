package xenolith.vmm.machine;

import xenolith.abi.XenCallback;
import xenolith.vmm.control.DomainLog.Trace;
import xenolith.vmm.domain.DebugRegisters;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.TrapTable;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.CpuidPolicy;
import xenolith.vmm.emul.Decoder;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.emul.Instruction;
import xenolith.vmm.emul.PrivilegedOps;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.monitor.MonitorAbi;
import xenolith.vmm.monitor.MonitorWindow;

/// What Java does about an exception of the guest: emulates what a guest kernel may not execute itself, or sends the
/// exception to the guest's kernel. Called with the guest's own registers in [GuestCpu].
final class Traps {
    private static final int DEBUG = 1;
    private static final int BREAKPOINT = 3;
    private static final int OVERFLOW = 4;
    private static final int INVALID_OPCODE = 6;
    private static final int DEVICE_NOT_AVAILABLE = 7;
    private static final int DOUBLE_FAULT = 8;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    private static final int ALIGNMENT_CHECK = 17;
    private static final int MACHINE_CHECK = 18;
    /// Vectors with an error code: 8, 10–14, 17, 21.
    private static final int WITH_ERROR = 1 << 8 | 0x1f << 10 | 1 << 17 | 1 << 21;
    private static final long ERROR_USER = 4;
    private static final long RFLAGS_TF = 0x100;
    /// Not IOPL, NT, RF, VM, VIF, VIP.
    private static final long USER_FLAGS = 0x24_0fd7;
    private static final int R11 = 11;
    private static final int GATE_LENGTH = 2;
    /// Words of the frame that a gate without an error code pushes.
    private static final int FRAME_RIP = 0;
    private static final int FRAME_RSP = 3;
    private static final int SYSCALL_LENGTH = 2;
    private static final int SYSENTER_LENGTH = 2;
    private static final int ESCAPE_OPCODE = 0x0f;
    private static final int SYSENTER_OPCODE = 0x34;
    private static final int SYSCALL_OPCODE = 0x05;

    private final Vcpu vcpu;
    private final Domain domain;
    private final GuestCpu cpu;
    private final MonitorWindow window;
    private final Bounce bounce;
    private final GuestState state;
    private final PageTableTrap pageTableTrap;
    private final MachineToPhysTrap machineToPhysTrap;
    private final PrivilegedOps privileged = new PrivilegedOps();
    private final Decoder decoder = new Decoder();
    private final Instruction instruction = new Instruction();
    private final byte[] code = new byte[Decoder.MAX_LENGTH];
    private final boolean tracing;

    Traps(Vcpu vcpu, GuestCpu cpu, Bounce bounce, CpuidPolicy cpuid) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.cpu = cpu;
        this.window = vcpu.window();
        this.bounce = bounce;
        this.state = new GuestState(vcpu, cpu, cpuid);
        this.pageTableTrap = new PageTableTrap(vcpu, cpu, state);
        this.machineToPhysTrap = new MachineToPhysTrap(vcpu, cpu, state);
        this.tracing = domain.log().traces(Trace.FAULTS);
    }

    /// A gate at ring 0 rang for `vector`, with its frame on the interrupt stack. Answers whether the registers are the
    /// guest's own afterwards.
    boolean atRing0(int vector) {
        if (vector == DEBUG) {
            return debugException();
        }
        boolean hasError = vector < 32 && (WITH_ERROR >>> vector & 1) != 0;
        long error = takeFrame(hasError);
        // An argument that is not aligned, for a kernel that wants to know of such.
        if (vector == ALIGNMENT_CHECK && postUnreadableSend()) {
            return false;
        }
        handle(vector, hasError, error, cpu.cr2());
        return true;
    }

    /// A breakpoint on what MOV or POP loads into SS fires behind the next instruction; if that is an INT or SYSCALL,
    /// behind our first one. Such a trap is dropped, as by Xen, and ring 0 goes on. So is one within a stub, which may
    /// touch the guest's memory for it.
    private boolean debugException() {
        long at = MonitorWindow.debugFrameOffset();
        if ((window.gateFrame(at, 1) & 3) == 0) {
            cpu.ring0(window.gateFrame(at, 0), window.gateFrame(at, 3));
            return false;
        }
        takeFrame(at, false);
        noteDebugTrap();
        if (cpu.inKernel() && MonitorAbi.isMonitorCode(cpu.rip())) {
            cpu.rflags(cpu.rflags() & ~RFLAGS_TF);
            return false;
        }
        handle(DEBUG, false, 0, 0);
        return true;
    }

    /// A page fault's stub rang, at ring 3 but with the frame on the interrupt stack too. Answers whether the registers
    /// are the guest's own afterwards: not where a stub read an argument for which the guest has no page. Such a call is
    /// posted, and answered as any other.
    boolean pageFault() {
        long error = takeFrame(true);
        if (postUnreadableSend()) {
            return false;
        }
        handle(PAGE_FAULT, true, error, window.faultAddress());
        return true;
    }

    /// If it was the stub for sends that could not read its argument, sends it to where it posts the call, for Java to
    /// refuse. Answers whether it was.
    private boolean postUnreadableSend() {
        boolean unreadable = cpu.rip() == domain.monitor().sendReads(vcpu.id()) && cpu.inKernel();
        if (unreadable) {
            cpu.rip(domain.monitor().postHypercall(vcpu.id()));
        }
        return unreadable;
    }

    /// The stub of a general-protection fault of the kernel rang, at ring 3 likewise. Answers as [#pageFault] does: an
    /// argument may begin at a canonical address and end at none.
    boolean kernelProtectionFault() {
        long error = takeFrame(true);
        if (postUnreadableSend()) {
            return false;
        }
        handle(GENERAL_PROTECTION, true, error, 0);
        return true;
    }

    /// The stub of a user's page fault rang because the guest has no handler.
    void userFault() {
        cpu.backToUser();
        handle(PAGE_FAULT, true, takeFrame(true), window.faultAddress());
    }

    /// The stub of a system call rang: it is one of 32-bit code, or the guest has no handler for system calls, or the
    /// user wrote `int $4` itself, which is #OF.
    ///
    /// Where SYSCALL enters ring 0 the frame of a system call is one of ring 0; the user's stack is in it all the same.
    void userGate() {
        cpu.backToUser();
        long frame = MonitorWindow.gateFrameOffset(false);
        long gate = window.gateFrame(frame, FRAME_RIP) - GATE_LENGTH;
        cpu.rsp(window.gateFrame(frame, FRAME_RSP));
        if (gate == Monitor.lstar(vcpu.id())) {
            systemCall(XenCallback.CALLBACKTYPE_SYSCALL, MonitorAbi.GUEST_CS);
        } else if (gate == Monitor.cstar(vcpu.id())) {
            systemCall(XenCallback.CALLBACKTYPE_SYSCALL32, MonitorAbi.GUEST_CS32);
        } else {
            takeFrame(false);
            handle(OVERFLOW, false, 0, 0);
        }
    }

    /// A guest's kernel made a 32-bit SYSCALL, which is no hypercall.
    void kernelSystemCall32() {
        cpu.kernelSegments();
        cpu.rip(cpu.get(GuestRegisters.RCX) - SYSCALL_LENGTH);
        cpu.rflags(cpu.get(R11));
        handle(INVALID_OPCODE, false, 0, 0);
    }

    /// Delivers a system call of the user, or #UD at the instruction if the guest has no handler, as Xen does.
    private void systemCall(int callbackType, int cs) {
        cpu.rip(cpu.get(GuestRegisters.RCX));
        cpu.rflags(cpu.get(R11) & USER_FLAGS);
        cpu.userSegments(cs, MonitorAbi.GUEST_SS);
        long handler = vcpu.traps().callback(callbackType);
        if (handler == 0) {
            cpu.rip(cpu.rip() - SYSCALL_LENGTH);
            handle(INVALID_OPCODE, false, 0, 0);
        } else if (!bounce.systemCall(handler, vcpu.traps().callbackMasksEvents(callbackType))) {
            Crash.of(vcpu, cpu, "a system call and no stack for it");
        }
    }

    /// Whether a user stands at the gate for system calls, which it did not get through.
    boolean isSystemCallGate() {
        return cpu.rip() == Monitor.lstar(vcpu.id()) && !cpu.inKernel();
    }

    /// Some hosts cannot enter the gate with a non-canonical RSP, which any process may set: the system call is
    /// delivered from here.
    void systemCallWithBadStack() {
        systemCall(XenCallback.CALLBACKTYPE_SYSCALL, MonitorAbi.GUEST_CS);
    }

    /// The stub found a divide error that nobody had asked for.
    void divideError() {
        takeFrame(false);
        handle(0, false, 0, 0);
    }

    /// Loads the guest's registers as the gate saved them; returns the error code.
    private long takeFrame(boolean hasError) {
        return takeFrame(MonitorWindow.gateFrameOffset(hasError), hasError);
    }

    private long takeFrame(long at, boolean hasError) {
        int word = hasError ? 1 : 0;
        long error = hasError ? window.gateFrame(at, 0) : 0;
        int cs = (int) window.gateFrame(at, word + 1) & 0xffff;
        cpu.rip(window.gateFrame(at, word));
        cpu.rflags(window.gateFrame(at, word + 2));
        cpu.rsp(window.gateFrame(at, word + 3));
        if ((cs & 3) == 0) {
            Crash.of(vcpu, cpu, "the monitor trapped: error code 0x" + Long.toHexString(error) + " cr2 0x"
                    + Long.toHexString(cpu.cr2()));
        } else if (cpu.inKernel()) {
            if (cpu.inRing0()) {
                cpu.kernelSegments();
            }
        } else {
            cpu.userSegments(cs, (int) window.gateFrame(at, word + 4) & 0xffff);
        }
        return error;
    }

    private void handle(int vector, boolean hasError, long error, long faultAddress) {
        if (domain.end() != null) {
            return;
        }
        domain.counters().trap(vector);
        if (tracing) {
            domain.log().line(String.format("vcpu%d trap %d error 0x%x rip 0x%x cr2 0x%x %s rcx 0x%x", vcpu.id(), vector, error,
                    cpu.rip(), faultAddress, cpu.inKernel() ? "kernel" : "user", cpu.get(GuestRegisters.RCX)));
        }
        if (isSystemCallGate()) {
            systemCallWithBadStack();
            return;
        }
        if (cpu.inKernel() && MonitorAbi.isMonitorCode(cpu.rip())) {
            Crash.of(vcpu, cpu, "trap " + vector + " in a stub: the guest's kernel gave it a bad stack or segment base");
            return;
        }
        switch (vector) {
            case PAGE_FAULT -> pageFault(error, faultAddress);
            case GENERAL_PROTECTION, INVALID_OPCODE -> emulate(vector, hasError, error);
            case DEVICE_NOT_AVAILABLE -> {
                state.taskSwitched(false);
                deliver(vector, false, 0);
            }
            case BREAKPOINT, OVERFLOW -> {
                // Gates that ring 3 may raise by an instruction; the guest may want that for its kernel alone.
                if (!cpu.inKernel() && vcpu.traps().dpl(vector) < 3) {
                    deliver(GENERAL_PROTECTION, true, vector * 8L + 2);
                } else {
                    deliver(vector, false, 0);
                }
            }
            case DOUBLE_FAULT, MACHINE_CHECK -> Crash.of(vcpu, cpu, "exception " + vector + " in the guest");
            default -> deliver(vector, hasError, error);
        }
    }

    /// The guest reads the cause of a debug trap from its virtual DR6.
    private void noteDebugTrap() {
        DebugRegisters debug = vcpu.debug();
        if (debug.isLoaded() && debug.isActive()) {
            debug.hit(cpu.debugStatus());
        } else {
            // The saved flags need not show TF: the step may have been over the POPF that cleared it.
            debug.hitSingleStep();
        }
    }

    /// The guest steps through its code, and the instruction that began with `flags` was done by us.
    private void emulated(long flags) {
        if ((flags & RFLAGS_TF) != 0) {
            vcpu.debug().hitSingleStep();
            handle(DEBUG, false, 0, 0);
        }
    }

    private void pageFault(long error, long faultAddress) {
        boolean kernel = cpu.inKernel();
        long rip = cpu.rip();
        long flags = cpu.rflags();
        if (kernel && pageTableTrap.emulate(error, faultAddress)) {
            domain.counters().pageTableWrite();
            emulated(cpu.rip() == rip ? 0 : flags);
            return;
        }
        if (kernel && machineToPhysTrap.emulate(error, faultAddress)) {
            emulated(flags);
            return;
        }
        state.cr2(faultAddress);
        vcpu.faultAddress(faultAddress);
        deliver(PAGE_FAULT, true, kernel ? error & ~ERROR_USER : error | ERROR_USER);
    }

    private void emulate(int vector, boolean hasError, long error) {
        long root = (cpu.inKernel() ? window.kernelCr3() : window.userCr3()) >>> MachineMemory.PAGE_SHIFT;
        int length = domain.guestMemory().copyInWhatIsThere(root, cpu.rip(), code, code.length);
        if (!cpu.inKernel() && isSysenter(length) && sysenter()) {
            return;
        }
        if (!cpu.in64BitCode() && isSystemCall32(length)) {
            systemCall32();
            return;
        }
        if (decoder.decode(code, length, instruction) <= 0) {
            deliver(vector, hasError, error);
            return;
        }
        long flags = cpu.rflags();
        switch (privileged.execute(instruction, cpu, state)) {
            case PrivilegedOps.EMULATED -> emulated(flags);
            case PrivilegedOps.REFUSED -> deliver(GENERAL_PROTECTION, true, 0);
            case PrivilegedOps.UNDEFINED -> deliver(INVALID_OPCODE, false, 0);
            case PrivilegedOps.SOFTWARE_INTERRUPT -> softwareInterrupt();
            default -> deliver(vector, hasError, error);
        }
    }

    /// 32-bit SYSCALL faults where it is forbidden, since the host would lead it to the wrong place:
    /// `HostProfile.syscallNeedsNoEnabling`.
    private boolean isSystemCall32(int length) {
        return !cpu.inKernel() && length >= SYSCALL_LENGTH && code[0] == ESCAPE_OPCODE && code[1] == SYSCALL_OPCODE;
    }

    private void systemCall32() {
        cpu.set(GuestRegisters.RCX, cpu.rip() + SYSCALL_LENGTH);
        cpu.set(R11, cpu.rflags());
        cpu.rflags(cpu.rflags() & ~RFLAGS_TF);
        systemCall(XenCallback.CALLBACKTYPE_SYSCALL32, MonitorAbi.GUEST_CS32);
    }

    /// SYSENTER faults everywhere: AMD's processors do not have it in long mode, and our MSRs for it are empty.
    private boolean isSysenter(int length) {
        return length >= SYSENTER_LENGTH && code[0] == ESCAPE_OPCODE && code[1] == SYSENTER_OPCODE;
    }

    /// Delivers it as a system call, if the guest's kernel wants that. It does not say where the user was, which finds
    /// its own way back: Xen reports a null RIP and RSP too.
    private boolean sysenter() {
        TrapTable traps = vcpu.traps();
        long handler = traps.callback(XenCallback.CALLBACKTYPE_SYSENTER);
        if (handler == 0) {
            return false;
        }
        cpu.userSegments(MonitorAbi.GUEST_CS32, MonitorAbi.GUEST_SS);
        cpu.rip(0);
        cpu.rsp(0);
        cpu.rflags(cpu.rflags() & ~RFLAGS_TF);
        if (!bounce.systemCall(handler, traps.callbackMasksEvents(XenCallback.CALLBACKTYPE_SYSENTER))) {
            Crash.of(vcpu, cpu, "a system call and no stack for it");
        }
        return true;
    }

    /// `int n`, on hosts where it comes as another fault: allowed if the guest's gate is open to the ring it is from.
    private void softwareInterrupt() {
        int vector = (int) instruction.immediate() & 0xff;
        int ring = cpu.inKernel() ? 1 : 3;
        if (vcpu.traps().handler(vector) != 0 && vcpu.traps().dpl(vector) >= ring) {
            cpu.rip(cpu.rip() + instruction.length());
            deliver(vector, false, 0);
        } else {
            deliver(GENERAL_PROTECTION, true, vector * 8L + 2);
        }
    }

    private void deliver(int vector, boolean hasError, long error) {
        if (!bounce.trap(vector, hasError, error)) {
            Crash.of(vcpu, cpu, "exception " + vector + " (error code 0x" + Long.toHexString(error) + ", cr2 0x"
                    + Long.toHexString(state.cr2()) + ") and "
                    + (vcpu.traps().handler(vector) == 0 ? "no handler" : "no stack") + " for it");
        }
    }
}
