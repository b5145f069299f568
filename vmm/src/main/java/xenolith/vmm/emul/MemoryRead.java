package xenolith.vmm.emul;

/// Completes a guest's load from an address that has no memory behind it, such as the traditional place of the
/// machine-to-physical array on hosts where that cannot be mapped.
///
/// The caller finds the address with [EffectiveAddress#of], reads [Instruction#memorySize] bytes of what should be there
/// and passes them on.
public final class MemoryRead {
    private MemoryRead() {}

    /// Whether `in` loads a register from memory, and does nothing else.
    public static boolean isLoad(Instruction in) {
        return in.memoryOperand && in.operation >= Operation.LOAD && in.operation <= Operation.LOAD_SIGN_EXTENDED;
    }

    /// Puts `value`, of which only the low [Instruction#memorySize] bytes count, into the register and advances RIP.
    public static void complete(Instruction in, GuestRegisters regs, long value) {
        long loaded = in.operation == Operation.LOAD_SIGN_EXTENDED
                ? Operands.signExtend(value, in.memorySize)
                : value & Operands.mask(in.memorySize);
        Operands.write(in, regs, in.register, in.operandSize, loaded);
        Operands.advance(in, regs);
    }
}
