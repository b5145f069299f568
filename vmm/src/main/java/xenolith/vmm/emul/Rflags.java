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
}
