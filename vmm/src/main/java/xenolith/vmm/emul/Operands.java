package xenolith.vmm.emul;

/// Values of 1, 2, 4 or 8 bytes inside 64-bit registers.
final class Operands {
    private Operands() {}

    /// All ones in the low `size` bytes.
    static long mask(int size) {
        return -1L >>> (64 - 8 * size);
    }

    static long signExtend(long value, int size) {
        int unused = 64 - 8 * size;
        return value << unused >> unused;
    }

    /// The operand register, cut to `size` bytes. Without REX, byte registers 4 to 7 are AH, CH, DH and BH.
    static long read(Instruction in, GuestRegisters regs, int register, int size) {
        if (isHighByte(in, register, size)) {
            return regs.get(register - 4) >>> 8 & 0xff;
        }
        return regs.get(register) & mask(size);
    }

    /// Writes `size` bytes as the processor does: four bytes clear the upper half, one or two leave the rest alone.
    static void write(Instruction in, GuestRegisters regs, int register, int size, long value) {
        if (isHighByte(in, register, size)) {
            long old = regs.get(register - 4);
            regs.set(register - 4, old & ~0xff00L | (value & 0xff) << 8);
            return;
        }
        long kept = size >= 4 ? 0 : regs.get(register) & ~mask(size);
        regs.set(register, kept | value & mask(size));
    }

    /// Steps over the instruction. A completed instruction also leaves RF clear, which the fault had set in the saved
    /// flags.
    static void advance(Instruction in, GuestRegisters regs) {
        regs.rip(regs.rip() + in.length);
        regs.rflags(regs.rflags() & ~Rflags.RF);
    }

    private static boolean isHighByte(Instruction in, int register, int size) {
        return size == 1 && in.rex == 0 && register >= 4 && register < 8;
    }
}
