package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ENTRIES;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;
import static xenolith.vmm.mm.PteBits.LEVELS;
import static xenolith.vmm.mm.PteBits.PRESENT;
import static xenolith.vmm.mm.PteBits.RW;
import static xenolith.vmm.mm.PteBits.USER;

import xenolith.vmm.guest.MachineMemory;

/// Walks a guest's page tables in software, as the processor would. Allocates nothing, and holds no state.
///
/// The tables must be validated ones, under the mm lock; the walk still checks every frame number against the machine,
/// so a wrong root yields an errno and not a wild read. Addresses in the hypervisor's slots are refused, so that no
/// pointer of a guest reaches the monitor's pages through us.
public final class PageWalk {
    private static final int VA_BITS = 48;

    private final MachineMemory memory;

    public PageWalk(MachineMemory memory) {
        this.memory = memory;
    }

    /// The machine address of the level-1 entry for `va`, whatever that entry holds; -EFAULT if a level above lacks
    /// it, or if `va` is not canonical or is the hypervisor's.
    public long leafEntryMa(long rootMfn, long va) {
        if (!isGuestAddress(va)) {
            return -PageTables.EFAULT;
        }
        long tableMfn = rootMfn;
        for (int level = LEVELS; level > 1; level--) {
            if (!memory.contains(tableMfn)) {
                return -PageTables.EFAULT;
            }
            long entry = memory.readWord(entryMa(tableMfn, va, level));
            if ((entry & PRESENT) == 0) {
                return -PageTables.EFAULT;
            }
            tableMfn = PteBits.mfn(entry);
        }
        return memory.contains(tableMfn) ? entryMa(tableMfn, va, 1) : -PageTables.EFAULT;
    }

    /// The machine address of the byte at `va`, if ring 3 may read it there, and write to it if `forWrite`;
    /// else -EFAULT. This right is what keeps the hypervisor's own writes to guest memory off page tables.
    public long translate(long rootMfn, long va, boolean forWrite) {
        if (!isGuestAddress(va)) {
            return -PageTables.EFAULT;
        }
        long required = forWrite ? PRESENT | USER | RW : PRESENT | USER;
        long mfn = rootMfn;
        for (int level = LEVELS; level >= 1; level--) {
            if (!memory.contains(mfn)) {
                return -PageTables.EFAULT;
            }
            long entry = memory.readWord(entryMa(mfn, va, level));
            if ((entry & required) != required) {
                return -PageTables.EFAULT;
            }
            mfn = PteBits.mfn(entry);
        }
        return memory.contains(mfn) ? mfn << MachineMemory.PAGE_SHIFT | va & (MachineMemory.PAGE_SIZE - 1)
                : -PageTables.EFAULT;
    }

    /// Canonical, and outside the hypervisor's slots.
    public static boolean isGuestAddress(long va) {
        if (va << (Long.SIZE - VA_BITS) >> (Long.SIZE - VA_BITS) != va) {
            return false;
        }
        return !PteBits.isHypervisorSlot(LEVELS, slot(va, LEVELS));
    }

    private static long entryMa(long tableMfn, long va, int level) {
        return (tableMfn << MachineMemory.PAGE_SHIFT) + ((long) slot(va, level) << ENTRY_SHIFT);
    }

    private static int slot(long va, int level) {
        return (int) (va >>> (MachineMemory.PAGE_SHIFT + 9 * (level - 1))) & (ENTRIES - 1);
    }
}
