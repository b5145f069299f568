package xenolith.vmm.emul;

/// One decoded 64-bit-mode instruction. Mutable and reused: each virtual processor owns one, [Decoder] fills it.
///
/// Register numbers are the hardware's with REX applied, or [#ABSENT]. Sizes are in bytes.
public final class Instruction {
    /// No such register in this instruction.
    public static final int ABSENT = -1;

    /// Where a store gets its second operand.
    static final int SOURCE_NONE = 0;
    static final int SOURCE_REGISTER = 1;
    static final int SOURCE_IMMEDIATE = 2;

    static final int SEGMENT_NONE = 0;
    static final int SEGMENT_FS = 1;
    static final int SEGMENT_GS = 2;

    int length;
    int operation;
    int operandSize;
    int memorySize;
    int source;
    long immediate;
    /// Which flags a conditional instruction asks for: the low bits of its opcode. Noise for all others.
    int condition;

    boolean lock;
    boolean repeat;
    boolean operandSize16;
    boolean address32;
    int segment;
    int rex;

    boolean memoryOperand;
    int modRm;
    int register;
    int rmRegister;
    int base;
    int index;
    int scale;
    boolean ripRelative;
    long displacement;

    /// Bytes from the first prefix to the last immediate, 1 to 15; 0 after a refusal.
    public int length() {
        return length;
    }

    /// One of [Operation]'s numbers.
    public int operation() {
        return operation;
    }

    /// Width of the operation: 1, 2, 4 or 8.
    public int operandSize() {
        return operandSize;
    }

    /// Width of the memory operand: the operand size, but for loads that extend.
    public int memorySize() {
        return memorySize;
    }

    /// The immediate, sign-extended to 64 bits (the port of `in` and the vector of `int` are zero-extended).
    public long immediate() {
        return immediate;
    }

    public boolean hasImmediate() {
        return source == SOURCE_IMMEDIATE;
    }

    public boolean lock() {
        return lock;
    }

    /// Whether F2 or F3 was given: a repeat for the string operations, nothing to the others.
    public boolean repeat() {
        return repeat;
    }

    /// Whether the ModRM operand is memory rather than a register.
    public boolean memoryOperand() {
        return memoryOperand;
    }

    /// The register of ModRM.reg, or the control or debug register; [#ABSENT] where that field is part of the opcode.
    public int register() {
        return register;
    }

    /// The register of ModRM.rm, or [#ABSENT] if that is memory.
    public int rmRegister() {
        return rmRegister;
    }

    public int base() {
        return base;
    }

    public int index() {
        return index;
    }

    /// 1, 2, 4 or 8; what [#index] is multiplied with.
    public int scale() {
        return scale;
    }

    public boolean ripRelative() {
        return ripRelative;
    }

    public long displacement() {
        return displacement;
    }

    /// Whether the effective address needs the FS or GS base.
    public boolean usesSegmentBase() {
        return segment != SEGMENT_NONE;
    }

    /// Forgets the previous instruction.
    void reset() {
        length = 0;
        operation = Operation.NONE;
        operandSize = 0;
        memorySize = 0;
        source = SOURCE_NONE;
        immediate = 0;
        condition = 0;
        lock = false;
        repeat = false;
        operandSize16 = false;
        address32 = false;
        segment = SEGMENT_NONE;
        rex = 0;
        resetOperands();
    }

    private void resetOperands() {
        memoryOperand = false;
        modRm = 0;
        register = ABSENT;
        rmRegister = ABSENT;
        base = ABSENT;
        index = ABSENT;
        scale = 1;
        ripRelative = false;
        displacement = 0;
    }

    @Override
    public String toString() {
        return "Instruction[operation=" + operation + " length=" + length + " operandSize=" + operandSize
                + (memoryOperand ? " memory" : "") + " register=" + register + " immediate=" + immediate + "]";
    }
}
