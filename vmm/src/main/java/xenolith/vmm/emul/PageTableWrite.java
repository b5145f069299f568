package xenolith.vmm.emul;

/// Emulates a guest's store to a page that it may only read because it is a page table (Xen's writable page tables).
///
/// Three steps, so that the validator stands between reading the instruction and obeying it:
/// 1. [#admit] says whether the instruction is one of ours, and where in the 8-byte entry it writes;
/// 2. [#newWord] computes the entry after the store, and changes nothing. The caller validates that word and puts it
///    in place with a compare-and-exchange against the word that it passed; if the processor's A and D bits or another
///    vCPU changed the entry meanwhile, it calls again with the new one;
/// 3. [#complete], called only once the word is in place and with the same old word, gives registers and flags their
///    new values and steps over the instruction.
///
/// A refused write leaves no trace. All methods are pure functions of their arguments but for the registers that
/// [#complete] sets.
public final class PageTableWrite {
    /// Not a store to memory that is emulated.
    public static final int NOT_A_STORE = -1;
    /// The store reaches beyond the 8-byte entry in which it begins.
    public static final int CROSSES_ENTRY = -2;
    /// The instruction does not store to the faulting address: the fault was another's, or the code has changed.
    public static final int OTHER_ADDRESS = -3;

    private PageTableWrite() {}

    /// Whether `in`, whose write faulted at `faultAddress` (CR2), can be emulated. Returns the byte offset of the store
    /// within its 8-byte entry, 0 to 7, or one of the negative refusals.
    ///
    /// The address is compared with the one that the registers name, since for a store across two pages CR2 is where
    /// the second page begins.
    public static int admit(Instruction in, GuestRegisters regs, SegmentBases bases, long faultAddress) {
        if (!isStore(in)) {
            return NOT_A_STORE;
        }
        if (EffectiveAddress.ofStore(in, regs, bases) != faultAddress) {
            return OTHER_ADDRESS;
        }
        int offset = (int) faultAddress & 7;
        return offset + in.operandSize > 8 ? CROSSES_ENTRY : offset;
    }

    /// Whether `in` writes memory at all, by its ModRM operand or by RDI.
    public static boolean isStore(Instruction in) {
        return in.operation == Operation.STOS
                || in.memoryOperand && in.operation >= Operation.ADD && in.operation <= Operation.LAST_STORE;
    }

    /// The entry after the store, where `word` is the entry now and `byteOffset` what [#admit] returned. The same as
    /// `word` if a comparison fails or a repeat count is 0.
    public static long newWord(Instruction in, GuestRegisters regs, long word, int byteOffset) {
        int shift = 8 * byteOffset;
        long old = word >>> shift & Operands.mask(in.operandSize);
        long value = newValue(in, regs, old);
        return word & ~(Operands.mask(in.operandSize) << shift) | value << shift;
    }

    private static long newValue(Instruction in, GuestRegisters regs, long old) {
        int size = in.operandSize;
        return switch (in.operation) {
            case Operation.MOV, Operation.XCHG -> source(in, regs);
            case Operation.CMPXCHG -> old == accumulator(in, regs) ? source(in, regs) : old;
            case Operation.STOS -> isExhausted(in, regs) ? old : accumulator(in, regs);
            default -> Arithmetic.result(in.operation, old, source(in, regs), carry(regs), size);
        };
    }

    /// Gives registers and flags what the instruction leaves in them, and advances RIP. `word` and `byteOffset` are those
    /// of the [#newWord] call whose answer is now in the page table. A repeated string store performs one repetition a
    /// call and advances RIP after the last, as if an interrupt had come between any two.
    public static void complete(Instruction in, GuestRegisters regs, long word, int byteOffset) {
        long old = word >>> 8 * byteOffset & Operands.mask(in.operandSize);
        if (in.operation == Operation.STOS) {
            completeStos(in, regs);
            return;
        }
        switch (in.operation) {
            case Operation.MOV -> { }
            case Operation.XCHG -> Operands.write(in, regs, in.register, in.operandSize, old);
            case Operation.CMPXCHG -> completeCmpxchg(in, regs, old);
            case Operation.XADD -> {
                regs.rflags(Arithmetic.flags(Operation.ADD, old, source(in, regs), in.operandSize, regs.rflags()));
                Operands.write(in, regs, in.register, in.operandSize, old);
            }
            default -> regs.rflags(
                    Arithmetic.flags(in.operation, old, source(in, regs), in.operandSize, regs.rflags()));
        }
        Operands.advance(in, regs);
    }

    private static void completeCmpxchg(Instruction in, GuestRegisters regs, long old) {
        long expected = accumulator(in, regs);
        regs.rflags(Arithmetic.flags(Operation.SUB, expected, old, in.operandSize, regs.rflags()));
        if (old != expected) {
            Operands.write(in, regs, GuestRegisters.RAX, in.operandSize, old);
        }
    }

    private static void completeStos(Instruction in, GuestRegisters regs) {
        long addressMask = Operands.mask(in.address32 ? 4 : 8);
        if (!isExhausted(in, regs)) {
            boolean down = (regs.rflags() & Rflags.DF) != 0;
            long next = regs.get(GuestRegisters.RDI) + (down ? -in.operandSize : in.operandSize);
            regs.set(GuestRegisters.RDI, next & addressMask);
            if (in.repeat) {
                regs.set(GuestRegisters.RCX, regs.get(GuestRegisters.RCX) - 1 & addressMask);
            }
        }
        if (!in.repeat || isExhausted(in, regs)) {
            Operands.advance(in, regs);
        }
    }

    /// Whether a repeat prefix finds its count at 0.
    private static boolean isExhausted(Instruction in, GuestRegisters regs) {
        return in.repeat && (regs.get(GuestRegisters.RCX) & Operands.mask(in.address32 ? 4 : 8)) == 0;
    }

    private static long accumulator(Instruction in, GuestRegisters regs) {
        return regs.get(GuestRegisters.RAX) & Operands.mask(in.operandSize);
    }

    private static long source(Instruction in, GuestRegisters regs) {
        return in.source == Instruction.SOURCE_IMMEDIATE
                ? in.immediate & Operands.mask(in.operandSize)
                : Operands.read(in, regs, in.register, in.operandSize);
    }

    private static boolean carry(GuestRegisters regs) {
        return (regs.rflags() & Rflags.CF) != 0;
    }
}
