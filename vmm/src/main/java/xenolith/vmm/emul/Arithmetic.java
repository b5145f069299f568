package xenolith.vmm.emul;

/// Results and flags of the read-modify-write operations, as the processor manuals define them.
///
/// Operands are cut to `size` bytes and zero-extended. Flags that a manual calls undefined get the value that Intel's
/// and AMD's processors give them: AF is clear after AND, OR and XOR; bit operations change CF alone.
final class Arithmetic {
    private Arithmetic() {}

    /// The new value of the destination `a`, cut to `size` bytes.
    static long result(int operation, long a, long b, boolean carry, int size) {
        long c = carry ? 1 : 0;
        long value = switch (operation) {
            case Operation.ADD, Operation.XADD -> a + b;
            case Operation.ADC -> a + b + c;
            case Operation.SUB -> a - b;
            case Operation.SBB -> a - b - c;
            case Operation.AND -> a & b;
            case Operation.OR -> a | b;
            case Operation.XOR -> a ^ b;
            case Operation.BTS -> a | bit(b, size);
            case Operation.BTR -> a & ~bit(b, size);
            case Operation.BTC -> a ^ bit(b, size);
            default -> throw new IllegalStateException("operation=" + operation + " is not arithmetic");
        };
        return value & Operands.mask(size);
    }

    /// RFLAGS after the operation whose flags were `old` before.
    static long flags(int operation, long a, long b, int size, long old) {
        boolean carry = (old & Rflags.CF) != 0;
        if (EffectiveAddress.isBitOperation(operation)) {
            return old & ~Rflags.CF | ((a & bit(b, size)) != 0 ? Rflags.CF : 0);
        }
        long value = result(operation, a, b, carry, size);
        long flags = signZeroParity(value, size);
        switch (operation) {
            case Operation.ADD, Operation.XADD, Operation.ADC -> {
                flags |= carries((a & b) | (a | b) & ~value, size);
                flags |= overflow((a ^ value) & (b ^ value), size);
                flags |= (a ^ b ^ value) & Rflags.AF;
            }
            case Operation.SUB, Operation.SBB -> {
                flags |= carries((~a & b) | (~a | b) & value, size);
                flags |= overflow((a ^ b) & (a ^ value), size);
                flags |= (a ^ b ^ value) & Rflags.AF;
            }
            default -> { } // AND, OR, XOR: CF, OF and AF are clear
        }
        return old & ~Rflags.ARITHMETIC | flags;
    }

    /// The one bit that a bit operation selects: its offset counts modulo the operand's width.
    private static long bit(long offset, int size) {
        return 1L << (offset & (8L * size - 1));
    }

    private static long signZeroParity(long value, int size) {
        long flags = value == 0 ? Rflags.ZF : 0;
        if (isTopBitSet(value, size)) {
            flags |= Rflags.SF;
        }
        return (Long.bitCount(value & 0xff) & 1) == 0 ? flags | Rflags.PF : flags;
    }

    /// The vector of carries (or borrows) out of each bit; the topmost one is CF.
    private static long carries(long vector, int size) {
        return isTopBitSet(vector, size) ? Rflags.CF : 0;
    }

    private static long overflow(long vector, int size) {
        return isTopBitSet(vector, size) ? Rflags.OF : 0;
    }

    private static boolean isTopBitSet(long value, int size) {
        return (value >>> (8 * size - 1) & 1) != 0;
    }
}
