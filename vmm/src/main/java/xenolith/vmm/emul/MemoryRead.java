package xenolith.vmm.emul;

/// Completes a guest's read of an address that has no memory behind it, such as the traditional place of the
/// machine-to-phys array on hosts where that cannot be mapped.
///
/// The caller finds the address with [EffectiveAddress#of], reads [Instruction#memorySize] bytes of what should be there
/// and passes them on. What compilers emit is known: loads, arithmetic and conditional moves into a register,
/// comparisons. A push is the caller's, since it writes memory.
public final class MemoryRead {
    private MemoryRead() {}

    /// Whether `in` reads memory, and changes nothing but a register and flags.
    public static boolean isLoad(Instruction in) {
        return in.memoryOperand && in.operation >= Operation.LOAD && in.operation <= Operation.LAST_LOAD;
    }

    /// Whether `in` pushes eight bytes of memory. With an operand of two bytes it is refused: nobody does that.
    public static boolean isPush(Instruction in) {
        return in.operation == Operation.PUSH && !in.operandSize16;
    }

    /// Gives register and flags what a load of `value`, of which only the low [Instruction#memorySize] bytes count,
    /// leaves in them, and advances RIP.
    public static void complete(Instruction in, GuestRegisters regs, long value) {
        long operand = value & Operands.mask(in.memorySize);
        switch (in.operation) {
            case Operation.LOAD, Operation.LOAD_ZERO_EXTENDED -> load(in, regs, operand);
            case Operation.LOAD_SIGN_EXTENDED -> load(in, regs, Operands.signExtend(operand, in.memorySize));
            case Operation.CMP -> flags(in, regs, Operation.SUB, register(in, regs), operand);
            case Operation.CMP_MEMORY -> flags(in, regs, Operation.SUB, operand, source(in, regs));
            case Operation.TEST -> flags(in, regs, Operation.AND, operand, source(in, regs));
            // Without the condition too, an operand of four bytes clears the upper half.
            case Operation.CMOV -> load(in, regs, Rflags.holds(in.condition, regs.rflags()) ? operand : register(in, regs));
            default -> arithmetic(in, regs, operand);
        }
        Operands.advance(in, regs);
    }

    /// Steps over a push of [#isPush] whose eight bytes are on the stack.
    public static void completePush(Instruction in, GuestRegisters regs) {
        regs.set(GuestRegisters.RSP, regs.get(GuestRegisters.RSP) - Long.BYTES);
        Operands.advance(in, regs);
    }

    private static void arithmetic(Instruction in, GuestRegisters regs, long operand) {
        int operation = in.operation - Operation.LOAD_ADD + Operation.ADD;
        long old = register(in, regs);
        boolean carry = (regs.rflags() & Rflags.CF) != 0;
        flags(in, regs, operation, old, operand);
        load(in, regs, Arithmetic.result(operation, old, operand, carry, in.operandSize));
    }

    private static void flags(Instruction in, GuestRegisters regs, int operation, long a, long b) {
        regs.rflags(Arithmetic.flags(operation, a, b, in.operandSize, regs.rflags()));
    }

    private static void load(Instruction in, GuestRegisters regs, long value) {
        Operands.write(in, regs, in.register, in.operandSize, value);
    }

    private static long register(Instruction in, GuestRegisters regs) {
        return Operands.read(in, regs, in.register, in.operandSize);
    }

    private static long source(Instruction in, GuestRegisters regs) {
        return in.hasImmediate() ? in.immediate & Operands.mask(in.operandSize) : register(in, regs);
    }
}
