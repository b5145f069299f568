package xenolith.vmm.emul;

/// Port I/O of a domain that has no ports: reads give all ones, writes vanish.
///
/// Linux pokes PCI's 0xcf8, the speaker, CMOS and others while it looks for hardware, and takes all ones for "nothing
/// there". Port 0x42 alone, the PIT's counter, reads 0: the calibration of the TSC against it would otherwise wait a
/// hundred thousand reads for the upper byte to change.
final class PortOps {
    private static final int PIT_CHANNEL_2 = 0x42;

    private PortOps() {}

    static int in(Instruction in, GuestRegisters regs, PrivilegedState state) {
        int port = port(in, regs);
        if (!permitted(port, in, state)) {
            return PrivilegedOps.REFUSED;
        }
        long value = port == PIT_CHANNEL_2 ? ~0xffL : ~0L;
        Operands.write(in, regs, GuestRegisters.RAX, in.operandSize, value);
        Operands.advance(in, regs);
        return PrivilegedOps.EMULATED;
    }

    static int out(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (!permitted(port(in, regs), in, state)) {
            return PrivilegedOps.REFUSED;
        }
        Operands.advance(in, regs);
        return PrivilegedOps.EMULATED;
    }

    /// String output: nobody reads the bytes, so all repetitions are done at once by moving RSI and RCX.
    static int outs(Instruction in, GuestRegisters regs, PrivilegedState state) {
        if (!permitted((int) regs.get(GuestRegisters.RDX) & 0xffff, in, state)) {
            return PrivilegedOps.REFUSED;
        }
        long addressMask = Operands.mask(in.address32 ? 4 : 8);
        long count = in.repeat ? regs.get(GuestRegisters.RCX) & addressMask : 1;
        long step = (regs.rflags() & Rflags.DF) != 0 ? -in.operandSize : in.operandSize;
        regs.set(GuestRegisters.RSI, regs.get(GuestRegisters.RSI) + step * count & addressMask);
        if (in.repeat) {
            regs.set(GuestRegisters.RCX, 0);
        }
        Operands.advance(in, regs);
        return PrivilegedOps.EMULATED;
    }

    private static int port(Instruction in, GuestRegisters regs) {
        return in.hasImmediate() ? (int) in.immediate : (int) regs.get(GuestRegisters.RDX) & 0xffff;
    }

    private static boolean permitted(int port, Instruction in, PrivilegedState state) {
        return state.virtualCpl() <= state.iopl() || state.portsPermitted(port, in.operandSize);
    }
}
