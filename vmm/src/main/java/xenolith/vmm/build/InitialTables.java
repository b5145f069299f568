package xenolith.vmm.build;

import xenolith.vmm.guest.MachineMemory;

/// The page tables that a domain starts on: level 4 first, then all of level 3, 2 and 1, from one pfn upwards, as Xen's
/// builder lays them out.
final class InitialTables {
    private static final long PRESENT = 1;
    private static final long WRITABLE = 2;
    private static final long USER = 4;
    private static final long ACCESSED = 0x20;
    private static final long DIRTY = 0x40;
    private static final long TABLE = PRESENT | WRITABLE | USER | ACCESSED | DIRTY;
    private static final long PAGE_ENTRY = PRESENT | USER | ACCESSED;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final int LEVELS = 4;

    private final MachineMemory memory;
    private final PseudoPhysical frames;
    private final long l4Pfn;
    private long nextPfn;

    /// @param l4Pfn where the level-4 table goes; further tables of the first region follow it
    InitialTables(MachineMemory memory, PseudoPhysical frames, long l4Pfn) {
        this.memory = memory;
        this.frames = frames;
        this.l4Pfn = l4Pfn;
        this.nextPfn = l4Pfn + 1;
        memory.clearFrame(frames.mfn(l4Pfn));
    }

    /// How many tables below level 4 the range of addresses needs if none is there yet.
    static long tablesFor(long vaStart, long vaEnd) {
        long count = 0;
        for (int level = 1; level < LEVELS; level++) {
            int shift = shift(level + 1);
            count += ((vaEnd - 1) >>> shift) - (vaStart >>> shift) + 1;
        }
        return count;
    }

    /// Makes the tables that `vaStart` to `vaEnd` need, level by level, from `firstPfn` on.
    ///
    /// @return one past the last pfn used
    long cover(long vaStart, long vaEnd, long firstPfn) {
        nextPfn = firstPfn;
        for (int level = LEVELS; level > 1; level--) {
            int shift = shift(level);
            long last = (vaEnd - 1) >>> shift;
            for (long span = vaStart >>> shift; span <= last; span++) {
                makeTable(span << shift, level);
            }
        }
        return nextPfn;
    }

    /// Makes the table below the entry for `va` in its table of `level`, unless it is there.
    private void makeTable(long va, int level) {
        long entryMa = entryMa(va, level);
        if ((memory.readWord(entryMa) & PRESENT) == 0) {
            long pfn = nextPfn++;
            memory.clearFrame(frames.mfn(pfn));
            memory.writeWord(entryMa, frames.mfn(pfn) << MachineMemory.PAGE_SHIFT | TABLE);
        }
    }

    void map(long va, long pfn, boolean writable) {
        memory.writeWord(entryMa(va, 1),
                frames.mfn(pfn) << MachineMemory.PAGE_SHIFT | PAGE_ENTRY | (writable ? WRITABLE : 0));
    }

    /// Machine address of the entry for `va` in its table of `level`; the tables above must be there.
    private long entryMa(long va, int level) {
        long tableMa = frames.mfn(l4Pfn) << MachineMemory.PAGE_SHIFT;
        for (int l = LEVELS; l > level; l--) {
            tableMa = memory.readWord(tableMa + index(va, l) * 8) & ADDRESS;
        }
        return tableMa + index(va, level) * 8;
    }

    private static long index(long va, int level) {
        return va >>> shift(level) & 511;
    }

    private static int shift(int level) {
        return MachineMemory.PAGE_SHIFT + 9 * (level - 1);
    }
}
