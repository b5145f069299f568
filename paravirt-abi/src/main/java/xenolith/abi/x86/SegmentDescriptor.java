package xenolith.abi.x86;

/// An 8-byte segment descriptor as a `long`, the form in which update_descriptor and GDT frames hold it.
///
/// Layout by the processor manual: limit 0–15, base 16–39, type 40–43, S 44, DPL 45–46, P 47, limit 48–51, AVL 52, L 53,
/// D/B 54, G 55, base 56–63.
public final class SegmentDescriptor {
    /// Bytes of a descriptor; a call gate or system descriptor of 64-bit mode takes two.
    public static final int SIZEOF = 8;

    /// Type bit: code, not data.
    public static final int TYPE_CODE = 8;
    /// Type bit of a data segment: grows downwards.
    public static final int TYPE_EXPAND_DOWN = 4;
    /// Type bit of a code segment: runs at the caller's privilege.
    public static final int TYPE_CONFORMING = 4;
    /// Type bit: readable code, or writable data.
    public static final int TYPE_RW = 2;
    public static final int TYPE_ACCESSED = 1;
    /// System type: a call gate.
    public static final int TYPE_CALL_GATE = 12;

    /// Set for code and data, clear for system descriptors.
    public static final long S = 1L << 44;
    public static final long DPL = 3L << 45;
    public static final long PRESENT = 1L << 47;
    /// 64-bit code.
    public static final long L = 1L << 53;
    /// 32-bit code or stack.
    public static final long DB = 1L << 54;
    /// The limit counts pages.
    public static final long G = 1L << 55;

    /// Flat 64-bit code at DPL 3, accessed: what FLAT_RING3_CS64 names.
    public static final long RING3_CODE64 = 0x00AF_FB00_0000_FFFFL;
    /// Flat 32-bit code at DPL 3, accessed: what FLAT_RING3_CS32 names.
    public static final long RING3_CODE32 = 0x00CF_FB00_0000_FFFFL;
    /// Flat data at DPL 3, accessed: what FLAT_RING3_SS64 and FLAT_RING3_DS32 name.
    public static final long RING3_DATA = 0x00CF_F300_0000_FFFFL;

    private SegmentDescriptor() {
    }

    public static boolean isPresent(long d) {
        return (d & PRESENT) != 0;
    }

    /// Whether it is neither code nor data: a gate, an LDT, a TSS.
    public static boolean isSystem(long d) {
        return (d & S) == 0;
    }

    public static boolean isCode(long d) {
        return !isSystem(d) && (type(d) & TYPE_CODE) != 0;
    }

    public static boolean isCode64(long d) {
        return isCode(d) && (d & L) != 0;
    }

    public static int type(long d) {
        return (int) (d >>> 40) & 15;
    }

    public static int dpl(long d) {
        return (int) (d >>> 45) & 3;
    }

    public static long withDpl(long d, int dpl) {
        return d & ~DPL | (dpl & 3L) << 45;
    }

    /// The 32-bit base, zero-extended.
    public static long base(long d) {
        return d >>> 16 & 0xFF_FFFFL | d >>> 32 & 0xFF00_0000L;
    }

    /// The last valid offset in bytes, with the granularity applied.
    public static long limit(long d) {
        long raw = d & 0xFFFFL | d >>> 32 & 0xF_0000L;
        return (d & G) == 0 ? raw : raw << 12 | 0xFFF;
    }

    /// The selector's index into its table.
    public static int index(int selector) {
        return (selector & 0xFFFF) >>> 3;
    }

    /// Whether the selector names the local table.
    public static boolean isLocal(int selector) {
        return (selector & 4) != 0;
    }

    /// Requested privilege level.
    public static int rpl(int selector) {
        return selector & 3;
    }

    /// Whether the selector is null, whatever its RPL.
    public static boolean isNull(int selector) {
        return (selector & 0xFFFC) == 0;
    }

    public static long of(long base, int rawLimit, int type, int dpl, long flags) {
        return rawLimit & 0xFFFFL | (rawLimit & 0xF_0000L) << 32
                | (base & 0xFF_FFFFL) << 16 | (base & 0xFF00_0000L) << 32
                | (type & 15L) << 40 | (dpl & 3L) << 45 | flags;
    }
}
