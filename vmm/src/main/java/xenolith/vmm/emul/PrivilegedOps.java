package xenolith.vmm.emul;

/// Performs, for a guest that runs at ring 3, the instructions which fault there (Xen's `pv/emul-priv-op.c` and
/// `pv/emul-inv-op.c` state the rules).
///
/// One object per vCPU: it counts what it was asked for. The caller decodes the faulting instruction, calls [#execute]
/// and acts on the outcome; only [#EMULATED] has changed anything.
public final class PrivilegedOps {
    /// Done: registers and state are changed and RIP is past the instruction.
    public static final int EMULATED = 0;
    /// Not an instruction that is emulated: deliver the fault that led here.
    public static final int NOT_PRIVILEGED = 1;
    /// The guest may not do this: deliver #GP(0).
    public static final int REFUSED = 2;
    /// Deliver #UD.
    public static final int UNDEFINED = 3;
    /// `int n`: deliver vector [Instruction#immediate] if its gate's DPL allows, with RIP past the instruction; RIP has
    /// not been moved.
    public static final int SOFTWARE_INTERRUPT = 4;

    private static final int USER_CPL = 3;
    private static final int CPUID_1_ECX_XSAVE = 1 << 26;
    private static final int CPUID_1_ECX_OSXSAVE = 1 << 27;

    private final int[] cpuidResult = new int[4];
    private final long[] counts = new long[Operation.COUNT];

    /// How often an operation of [Operation] has been asked for, whatever came of it.
    public long count(int operation) {
        return counts[operation];
    }

    /// Performs `in` at the vCPU's current privilege.
    public int execute(Instruction in, GuestRegisters regs, PrivilegedState state) {
        counts[in.operation]++;
        return switch (in.operation) {
            case Operation.CPUID, Operation.FORCED_CPUID -> cpuid(in, regs, state);
            case Operation.IN -> PortOps.in(in, regs, state);
            case Operation.OUT -> PortOps.out(in, regs, state);
            case Operation.OUTS -> PortOps.outs(in, regs, state);
            case Operation.CLI, Operation.STI -> interruptFlag(in, regs, state);
            case Operation.RDTSC, Operation.RDTSCP -> timeStamp(in, regs, state);
            case Operation.XGETBV -> ControlRegisterOps.xgetbv(in, regs, state);
            case Operation.SMSW -> ControlRegisterOps.smsw(in, regs, state);
            case Operation.INT -> SOFTWARE_INTERRUPT;
            case Operation.UD2 -> UNDEFINED;
            case Operation.INS -> REFUSED; // input would need a guest store, and no PV kernel does it
            default -> in.operation < Operation.RDMSR || in.operation == Operation.STORE_TABLE
                    ? NOT_PRIVILEGED
                    : kernelOnly(in, regs, state);
        };
    }

    private int kernelOnly(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (state.virtualCpl() == USER_CPL) {
            return REFUSED;
        }
        return switch (in.operation) {
            case Operation.RDMSR -> rdmsr(in, regs, state);
            case Operation.WRMSR -> wrmsr(in, regs, state);
            case Operation.MOV_FROM_CR -> ControlRegisterOps.read(in, regs, state);
            case Operation.MOV_TO_CR -> ControlRegisterOps.write(in, regs, state, cpuidResult);
            case Operation.MOV_FROM_DR -> ControlRegisterOps.readDebug(in, regs, state);
            case Operation.MOV_TO_DR -> ControlRegisterOps.writeDebug(in, regs, state);
            case Operation.LMSW -> ControlRegisterOps.lmsw(in, regs, state);
            case Operation.XSETBV -> ControlRegisterOps.xsetbv(in, regs, state, cpuidResult);
            case Operation.CLTS -> {
                state.taskSwitched(false);
                yield advance(in, regs);
            }
            case Operation.INVLPG -> {
                state.invalidatePage(EffectiveAddress.of(in, regs, state));
                yield advance(in, regs);
            }
            // Caches are coherent and the guest owns no device: nothing to write back.
            case Operation.INVD, Operation.WBINVD -> advance(in, regs);
            case Operation.RDPMC -> rdpmc(in, regs, state);
            // HLT, SWAPGS, LGDT and the rest have hypercalls of their own.
            default -> REFUSED;
        };
    }

    /// Nothing to do, since the guest's interrupts are masked by its shared page and not by IF. Xen refuses below the
    /// needed IOPL; Linux asks for IOPL 1 first and then relies on the thousands of `cli` that its alternatives leave
    /// in early code. A guest that cannot yet take a #GP is let pass.
    private static int interruptFlag(Instruction in, GuestRegisters regs, PrivilegedState state) {
        boolean permitted = state.virtualCpl() <= state.iopl();
        boolean early = state.virtualCpl() != USER_CPL && !state.hasGpHandler();
        return permitted || early ? advance(in, regs) : REFUSED;
    }

    private static int rdmsr(Instruction in, GuestRegisters regs, PrivilegedState state) {
        int msr = (int) regs.get(GuestRegisters.RCX);
        if (!MsrPolicy.isReadable(msr) && state.hasGpHandler()) {
            return REFUSED;
        }
        setPair(regs, MsrPolicy.isReadable(msr) ? MsrPolicy.read(msr, state) : 0);
        return advance(in, regs);
    }

    /// The first privileged instruction of a Linux kernel is one of these, before it has a trap table. A write that it
    /// could not be told of as refused is dropped instead.
    private static int wrmsr(Instruction in, GuestRegisters regs, PrivilegedState state) {
        int msr = (int) regs.get(GuestRegisters.RCX);
        if (!MsrPolicy.write(msr, pair(regs), state) && state.hasGpHandler()) {
            return REFUSED;
        }
        return advance(in, regs);
    }

    private static int rdpmc(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (state.hasGpHandler()) {
            return REFUSED;
        }
        setPair(regs, 0);
        return advance(in, regs);
    }

    private static int timeStamp(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (state.virtualCpl() == USER_CPL && (state.cr4() & ControlRegisterOps.CR4_TSD) != 0) {
            return REFUSED;
        }
        setPair(regs, state.tsc());
        if (in.operation == Operation.RDTSCP) {
            regs.set(GuestRegisters.RCX, state.tscAux() & 0xffff_ffffL);
        }
        return advance(in, regs);
    }

    /// Leaf 1 shows OSXSAVE as the virtual CR4 has it: Linux looks once, before it sets the bit, and would otherwise do
    /// without XSAVE for good. That is why CR4 starts with it.
    private int cpuid(Instruction in, GuestRegisters regs, PrivilegedState state) {
        int leaf = (int) regs.get(GuestRegisters.RAX);
        state.cpuid(leaf, (int) regs.get(GuestRegisters.RCX), cpuidResult);
        int ecx = cpuidResult[2];
        if (leaf == 1) {
            boolean on = (ecx & CPUID_1_ECX_XSAVE) != 0 && (state.cr4() & ControlRegisterOps.CR4_OSXSAVE) != 0;
            ecx = ecx & ~CPUID_1_ECX_OSXSAVE | (on ? CPUID_1_ECX_OSXSAVE : 0);
        }
        regs.set(GuestRegisters.RAX, cpuidResult[0] & 0xffff_ffffL);
        regs.set(GuestRegisters.RBX, cpuidResult[1] & 0xffff_ffffL);
        regs.set(GuestRegisters.RCX, ecx & 0xffff_ffffL);
        regs.set(GuestRegisters.RDX, cpuidResult[3] & 0xffff_ffffL);
        return advance(in, regs);
    }

    static int advance(Instruction in, GuestRegisters regs) {
        Operands.advance(in, regs);
        return EMULATED;
    }

    /// EDX:EAX, as MSRs and counters are passed.
    static long pair(GuestRegisters regs) {
        return regs.get(GuestRegisters.RDX) << 32 | regs.get(GuestRegisters.RAX) & 0xffff_ffffL;
    }

    static void setPair(GuestRegisters regs, long value) {
        regs.set(GuestRegisters.RAX, value & 0xffff_ffffL);
        regs.set(GuestRegisters.RDX, value >>> 32);
    }
}
