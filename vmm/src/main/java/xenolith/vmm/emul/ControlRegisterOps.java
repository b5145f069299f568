package xenolith.vmm.emul;

/// Control, debug and extended control registers, all virtual: the guest sees those of a processor in 64-bit mode, and
/// may change only what Xen lets a PV guest change.
final class ControlRegisterOps {
    static final long CR4_TSD = 1 << 2;
    static final long CR4_OSXSAVE = 1 << 18;

    /// PG, AM, WP, NE, ET, MP and PE.
    private static final long CR0_FIXED = 0x8005_0033L;
    private static final long CR0_TS = 1 << 3;
    private static final long CR4_DE = 1 << 3;
    private static final long CR4_FSGSBASE = 1 << 16;
    /// The lowest four bits of CR0, all that LMSW loads.
    private static final long MACHINE_STATUS = 0xf;

    private static final int CPUID_7_EBX_FSGSBASE = 1;
    private static final int CPUID_1_ECX_XSAVE = 1 << 26;

    private static final long XCR0_X87 = 1;
    private static final long XCR0_SSE = 1 << 1;
    private static final long XCR0_AVX = 1 << 2;
    private static final long XCR0_AVX512 = 0xe0;

    private ControlRegisterOps() {}

    static int read(Instruction in, GuestRegisters regs, PrivilegedState state) {
        long value;
        switch (in.register) {
            case 0 -> value = cr0(state);
            case 2 -> value = state.cr2();
            case 3 -> value = state.cr3();
            case 4 -> value = state.cr4();
            default -> {
                return PrivilegedOps.REFUSED;
            }
        }
        regs.set(in.rmRegister, value);
        return PrivilegedOps.advance(in, regs);
    }

    /// `scratch` holds four ints for CPUID.
    static int write(Instruction in, GuestRegisters regs, PrivilegedState state, int[] scratch) {
        long value = regs.get(in.rmRegister);
        boolean accepted = switch (in.register) {
            case 0 -> writeCr0(value, state);
            case 2 -> {
                state.cr2(value);
                yield true;
            }
            case 3 -> state.cr3(value);
            case 4 -> {
                state.cr4(state.cr4() & ~cr4Writable(state, scratch) | value & cr4Writable(state, scratch));
                yield true;
            }
            default -> false;
        };
        return accepted ? PrivilegedOps.advance(in, regs) : PrivilegedOps.REFUSED;
    }

    static int smsw(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (in.memoryOperand) {
            return PrivilegedOps.NOT_PRIVILEGED;
        }
        Operands.write(in, regs, in.rmRegister, in.operandSize, cr0(state));
        return PrivilegedOps.advance(in, regs);
    }

    static int lmsw(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (in.memoryOperand) {
            return PrivilegedOps.REFUSED;
        }
        long value = cr0(state) & ~MACHINE_STATUS | regs.get(in.rmRegister) & MACHINE_STATUS;
        return writeCr0(value, state) ? PrivilegedOps.advance(in, regs) : PrivilegedOps.REFUSED;
    }

    static int readDebug(Instruction in, GuestRegisters regs, PrivilegedState state) {
        int number = debugRegister(in, state);
        if (number < 0) {
            return PrivilegedOps.UNDEFINED;
        }
        regs.set(in.rmRegister, state.debugRegister(number));
        return PrivilegedOps.advance(in, regs);
    }

    static int writeDebug(Instruction in, GuestRegisters regs, PrivilegedState state) {
        int number = debugRegister(in, state);
        if (number < 0) {
            return PrivilegedOps.UNDEFINED;
        }
        boolean accepted = state.debugRegister(number, regs.get(in.rmRegister));
        return accepted ? PrivilegedOps.advance(in, regs) : PrivilegedOps.REFUSED;
    }

    static int xgetbv(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if ((state.cr4() & CR4_OSXSAVE) == 0) {
            return PrivilegedOps.UNDEFINED;
        }
        if ((int) regs.get(GuestRegisters.RCX) != 0) {
            return PrivilegedOps.REFUSED;
        }
        PrivilegedOps.setPair(regs, state.xcr0());
        return PrivilegedOps.advance(in, regs);
    }

    static int xsetbv(Instruction in, GuestRegisters regs, PrivilegedState state, int[] scratch) {
        if ((state.cr4() & CR4_OSXSAVE) == 0) {
            return PrivilegedOps.UNDEFINED;
        }
        long value = PrivilegedOps.pair(regs);
        if ((int) regs.get(GuestRegisters.RCX) != 0 || !validXcr0(value, state, scratch)) {
            return PrivilegedOps.REFUSED;
        }
        state.xcr0(value);
        return PrivilegedOps.advance(in, regs);
    }

    private static boolean validXcr0(long value, PrivilegedState state, int[] scratch) {
        state.cpuid(0xd, 0, scratch);
        long supported = scratch[0] & 0xffff_ffffL | (long) scratch[3] << 32;
        boolean avxNeedsSse = (value & XCR0_AVX) == 0 || (value & XCR0_SSE) != 0;
        long avx512 = value & XCR0_AVX512;
        boolean avx512IsWhole = avx512 == 0 || avx512 == XCR0_AVX512 && (value & XCR0_AVX) != 0;
        return (value & ~supported) == 0 && (value & XCR0_X87) != 0 && avxNeedsSse && avx512IsWhole;
    }

    private static long cr0(PrivilegedState state) {
        return CR0_FIXED | (state.taskSwitched() ? CR0_TS : 0);
    }

    private static boolean writeCr0(long value, PrivilegedState state) {
        if ((value ^ CR0_FIXED) != 0 && (value ^ CR0_FIXED) != CR0_TS) {
            return false;
        }
        state.taskSwitched((value & CR0_TS) != 0);
        return true;
    }

    /// The bits of CR4 that the guest owns. Xen keeps the others silently as they are, and so do we.
    private static long cr4Writable(PrivilegedState state, int[] scratch) {
        long writable = CR4_TSD | CR4_DE;
        state.cpuid(7, 0, scratch);
        if ((scratch[1] & CPUID_7_EBX_FSGSBASE) != 0) {
            writable |= CR4_FSGSBASE;
        }
        state.cpuid(1, 0, scratch);
        return (scratch[2] & CPUID_1_ECX_XSAVE) != 0 ? writable | CR4_OSXSAVE : writable;
    }

    /// DR4 and DR5 are other names of DR6 and DR7, but with CR4.DE they do not exist. Returns -1 if there is no such
    /// register.
    private static int debugRegister(Instruction in, PrivilegedState state) {
        int number = in.register;
        if (number == 4 || number == 5) {
            return (state.cr4() & CR4_DE) == 0 ? number + 2 : -1;
        }
        return number < 8 ? number : -1;
    }
}
