package xenolith.vmm.emul;

/// The linear address that an instruction's memory operand names.
public final class EffectiveAddress {
    private EffectiveAddress() {}

    /// The address of the ModRM operand. RIP must still be that of the instruction. The result may be non-canonical:
    /// whoever uses it checks.
    public static long of(Instruction in, GuestRegisters regs, SegmentBases bases) {
        long offset = in.displacement;
        if (in.ripRelative) {
            offset += regs.rip() + in.length;
        }
        if (in.base != Instruction.ABSENT) {
            offset += regs.get(in.base);
        }
        if (in.index != Instruction.ABSENT) {
            offset += regs.get(in.index) * in.scale;
        }
        return segmentBase(in, bases) + truncate(in, offset);
    }

    /// Where a store begins, for every operation of [PageTableWrite]: the string store goes by RDI (its segment cannot
    /// be overridden), and a bit operation with a register counts its bits from far outside the named word.
    static long ofStore(Instruction in, GuestRegisters regs, SegmentBases bases) {
        if (in.operation == Operation.STOS) {
            return truncate(in, regs.get(GuestRegisters.RDI));
        }
        return of(in, regs, bases) + bitDisplacement(in, regs);
    }

    private static long bitDisplacement(Instruction in, GuestRegisters regs) {
        if (!isBitOperation(in.operation) || in.source != Instruction.SOURCE_REGISTER) {
            return 0;
        }
        long bit = Operands.signExtend(regs.get(in.register), in.operandSize);
        int bitsLog2 = 3 + Integer.numberOfTrailingZeros(in.operandSize);
        return (bit >> bitsLog2) * in.operandSize;
    }

    static boolean isBitOperation(int operation) {
        return operation >= Operation.BTS && operation <= Operation.BTC;
    }

    private static long truncate(Instruction in, long offset) {
        return in.address32 ? offset & 0xffff_ffffL : offset;
    }

    private static long segmentBase(Instruction in, SegmentBases bases) {
        return switch (in.segment) {
            case Instruction.SEGMENT_FS -> bases.fsBase();
            case Instruction.SEGMENT_GS -> bases.gsBase();
            default -> 0;
        };
    }
}
