package xenolith.vmm.mm;

import xenolith.vmm.guest.MachineMemory;

/// Bits of an x86-64 page-table entry, as the processor reads them (AMD64 manual volume 2, 5.3; Intel SDM 3A, 4.5).
final class PteBits {
    static final long PRESENT = 1L;
    static final long RW = 1L << 1;
    static final long USER = 1L << 2;
    static final long PWT = 1L << 3;
    static final long PCD = 1L << 4;
    static final long ACCESSED = 1L << 5;
    static final long DIRTY = 1L << 6;
    /// At level 1 the same bit is PAT, a harmless memory type.
    static final long PSE = 1L << 7;
    static final long GLOBAL = 1L << 8;
    static final long NX = 1L << 63;

    /// Bits 12–51.
    static final long ADDRESS = 0x000F_FFFF_FFFF_F000L;
    /// Bits 59–62: protection keys, which we never enable and never announce.
    static final long KEYS = 0x7800_0000_0000_0000L;
    static final long ACCESSED_DIRTY = ACCESSED | DIRTY;

    static final int ENTRIES = 512;
    static final int ENTRY_SHIFT = 3;
    static final int LEVELS = 4;

    /// The L4 slots which belong to the hypervisor, 0xffff800000000000 to 0xffff87ffffffffff.
    static final int HYPERVISOR_FIRST_SLOT = 256;
    static final int HYPERVISOR_LAST_SLOT = 271;

    private PteBits() {}

    static long mfn(long entry) {
        return (entry & ADDRESS) >>> MachineMemory.PAGE_SHIFT;
    }

    /// The slot, 0–511, of the entry at machine address `entryMa` in its table.
    static int slot(long entryMa) {
        return (int) (entryMa >>> ENTRY_SHIFT) & (ENTRIES - 1);
    }

    static boolean isHypervisorSlot(int level, int slot) {
        return level == LEVELS && slot >= HYPERVISOR_FIRST_SLOT && slot <= HYPERVISOR_LAST_SLOT;
    }
}
