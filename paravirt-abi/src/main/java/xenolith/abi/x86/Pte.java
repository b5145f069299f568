package xenolith.abi.x86;

/// A page-table entry of any level: bits, and the mfn in it.
///
/// Under direct paging a guest's entries hold machine frames, so what is read here is what the processor uses.
public final class Pte {
    public static final long PRESENT = 1L;
    public static final long RW = 1L << 1;
    public static final long USER = 1L << 2;
    public static final long PWT = 1L << 3;
    public static final long PCD = 1L << 4;
    public static final long ACCESSED = 1L << 5;
    public static final long DIRTY = 1L << 6;
    /// In L2 and L3: a large page.
    public static final long PSE = 1L << 7;
    /// In L1: the third bit of the memory type, at the place of [#PSE].
    public static final long PAT = 1L << 7;
    public static final long GLOBAL = 1L << 8;
    /// Free for software, below the address.
    public static final long AVAIL_LOW = 7L << 9;
    /// Free for software, above the address; protection keys, which we hide, would use its upper part.
    public static final long AVAIL_HIGH = 0x7FFL << 52;
    public static final long NX = 1L << 63;

    /// Where the frame number stands: bits 12 to 51.
    public static final long ADDRESS_MASK = 0x000F_FFFF_FFFF_F000L;
    /// Everything that is not the frame number.
    public static final long FLAGS_MASK = ~ADDRESS_MASK;
    /// Entries in a table.
    public static final int ENTRIES = 512;
    /// Bytes of an entry.
    public static final int SIZEOF = Long.BYTES;

    private Pte() {
    }

    public static long of(long mfn, long flags) {
        return mfn << VirtualLayout.PAGE_SHIFT & ADDRESS_MASK | flags & FLAGS_MASK;
    }

    public static long mfn(long pte) {
        return (pte & ADDRESS_MASK) >>> VirtualLayout.PAGE_SHIFT;
    }

    /// The machine address in the entry.
    public static long address(long pte) {
        return pte & ADDRESS_MASK;
    }

    public static long flags(long pte) {
        return pte & FLAGS_MASK;
    }

    public static boolean isPresent(long pte) {
        return (pte & PRESENT) != 0;
    }

    public static boolean isWritable(long pte) {
        return (pte & RW) != 0;
    }

    public static boolean isUser(long pte) {
        return (pte & USER) != 0;
    }

    public static boolean isNoExecute(long pte) {
        return (pte & NX) != 0;
    }

    /// Whether an L2 or L3 entry maps a large page; means nothing in L1 and L4.
    public static boolean isLarge(long pte) {
        return (pte & PSE) != 0;
    }

    /// Whether replacing `old` by `next` only adds rights: nothing that a TLB may hold of `old` allows more or goes
    /// elsewhere. Losing the accessed or dirty bit counts as a loss, because a TLB would not set it again.
    public static boolean isUpgrade(long old, long next) {
        if (!isPresent(old)) {
            return true;
        }
        long lost = old & ~next;
        long gained = next & ~old;
        return address(old) == address(next)
                && (lost & (PRESENT | RW | USER | ACCESSED | DIRTY | GLOBAL)) == 0
                && (gained & NX) == 0
                && ((old ^ next) & (PWT | PCD | PAT)) == 0;
    }
}
