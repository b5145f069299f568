package xenolith.vmm.emul;

/// Bits of RFLAGS that emulated instructions read or leave behind.
final class Rflags {
    static final long CF = 1;
    static final long PF = 1 << 2;
    static final long AF = 1 << 4;
    static final long ZF = 1 << 6;
    static final long SF = 1 << 7;
    static final long DF = 1 << 10;
    static final long OF = 1 << 11;
    static final long RF = 1 << 16;
    /// What an addition or comparison defines.
    static final long ARITHMETIC = CF | PF | AF | ZF | SF | OF;

    private Rflags() {}

    /// Whether `flags` meet a condition, as the low four bits of SETcc, CMOVcc and Jcc number them: eight of them, and
    /// at odd numbers their opposites.
    static boolean holds(int condition, long flags) {
        boolean less = (flags & SF) != 0 != ((flags & OF) != 0);
        boolean even = switch (condition >> 1) {
            case 0 -> (flags & OF) != 0;
            case 1 -> (flags & CF) != 0;
            case 2 -> (flags & ZF) != 0;
            case 3 -> (flags & (CF | ZF)) != 0;
            case 4 -> (flags & SF) != 0;
            case 5 -> (flags & PF) != 0;
            case 6 -> less;
            default -> less || (flags & ZF) != 0;
        };
        return even != ((condition & 1) != 0);
    }
}
