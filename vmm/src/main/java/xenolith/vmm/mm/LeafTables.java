package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ENTRIES;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;
import static xenolith.vmm.mm.PteBits.PRESENT;
import static xenolith.vmm.mm.PteBits.RW;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.vmm.guest.MachineMemory;

/// The 512 entries of a level-1 table at once: what most of the time of a fork and an exec goes into.
///
/// Works on a copy of the table, which nobody can write meanwhile. The common entries (a frame of the domain's, mapped
/// for reading, or for writing when it is a writable one already) are counted here; [References] does all others.
final class LeafTables {
    private static final int OWNER_AND_TYPE = FrameTable.OWNER_MASK | FrameTable.TYPE_MASK;

    private final MachineMemory memory;
    private final FrameTable frames;
    private final int[] identity;
    private final int[] typeCount;
    private final int[] refCount;
    private final int domid;
    private final int ownWritable;
    private final References references;
    private final RefusalRecord refusals;
    private final long[] entries = new long[ENTRIES];

    LeafTables(MachineMemory memory, FrameTable frames, int domid, References references, RefusalRecord refusals) {
        this.memory = memory;
        this.frames = frames;
        this.identity = frames.identity;
        this.typeCount = frames.typeCount;
        this.refCount = frames.refCount;
        this.domid = domid;
        this.ownWritable = domid | PageType.WRITABLE << FrameTable.TYPE_SHIFT;
        this.references = references;
        this.refusals = refusals;
    }

    /// Takes the references of all entries, or of none.
    long validate(long mfn) {
        load(mfn);
        if (anyForbidden()) {
            return refuseForbidden(mfn);
        }
        for (int slot = 0; slot < ENTRIES; slot++) {
            long value = entries[slot];
            if ((value & PRESENT) != 0 && !takeCommon(value)) {
                long rc = references.takeLeaf(entryMa(mfn, slot), value);
                if (rc < 0) {
                    dropLoaded(slot);
                    return rc;
                }
            }
        }
        storeAdjusted(mfn);
        return 0;
    }

    /// Drops the references of all entries.
    void drop(long mfn) {
        load(mfn);
        dropLoaded(ENTRIES);
    }

    private void load(long mfn) {
        MemorySegment.copy(memory.segment(), ValueLayout.JAVA_LONG,
                MachineMemory.offset(mfn << MachineMemory.PAGE_SHIFT), entries, 0, ENTRIES);
    }

    private boolean anyForbidden() {
        long forbidden = 0;
        for (int slot = 0; slot < ENTRIES; slot++) {
            // All ones for a present entry, else nothing.
            long present = -(entries[slot] & PRESENT);
            forbidden |= entries[slot] & present;
        }
        return EntryRules.isForbidden(forbidden, 1);
    }

    private long refuseForbidden(long mfn) {
        int slot = 0;
        while ((entries[slot] & PRESENT) == 0 || !EntryRules.isForbidden(entries[slot], 1)) {
            slot++;
        }
        long value = entries[slot];
        return refusals.refuse(EntryRules.reason(value, 1), PteBits.mfn(value), entryMa(mfn, slot), value, 1);
    }

    private boolean takeCommon(long value) {
        int i = frames.index(PteBits.mfn(value));
        if (i < 0 || refCount[i] == References.MAX_COUNT) {
            return false;
        }
        int id = identity[i];
        if ((value & RW) == 0) {
            if (FrameTable.ownerOf(id) != domid) {
                return false;
            }
        } else {
            if ((id & OWNER_AND_TYPE) != ownWritable) {
                return false;
            }
            typeCount[i]++;
        }
        refCount[i]++;
        return true;
    }

    private void dropLoaded(int slots) {
        for (int slot = 0; slot < slots; slot++) {
            if ((entries[slot] & PRESENT) != 0) {
                references.dropLeaf(entries[slot]);
            }
        }
    }

    /// Plain stores: no processor walks a table under validation.
    private void storeAdjusted(long mfn) {
        MemorySegment segment = memory.segment();
        long offset = MachineMemory.offset(mfn << MachineMemory.PAGE_SHIFT);
        for (int slot = 0; slot < ENTRIES; slot++) {
            long value = entries[slot];
            long adjusted = EntryRules.adjustedL1(value);
            if ((value & PRESENT) != 0 && adjusted != value) {
                segment.set(ValueLayout.JAVA_LONG, offset + ((long) slot << ENTRY_SHIFT), adjusted);
            }
        }
    }

    private static long entryMa(long mfn, int slot) {
        return (mfn << MachineMemory.PAGE_SHIFT) + ((long) slot << ENTRY_SHIFT);
    }
}
