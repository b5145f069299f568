package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ADDRESS;
import static xenolith.vmm.mm.PteBits.PRESENT;
import static xenolith.vmm.mm.PteBits.RW;

import xenolith.vmm.guest.MachineMemory;

/// Changes single entries: the new value's references are taken, the entry is stored, the old value's are dropped.
///
/// The hottest code of the validator: a Linux boot makes some 44,000 updates, nearly all of one L1 entry. It trusts
/// one thing, that an entry in memory of a validated table is one it admitted, but for Accessed and Dirty.
final class EntryUpdates {
    private final MachineMemory memory;
    private final FrameTable frames;
    private final int domid;
    private final EntryWriter writer;
    private final References references;
    private final Promotion promotion;
    private final RefusalRecord refusals;

    EntryUpdates(MachineMemory memory, FrameTable frames, int domid, EntryWriter writer, References references,
            Promotion promotion, RefusalRecord refusals) {
        this.memory = memory;
        this.frames = frames;
        this.domid = domid;
        this.writer = writer;
        this.references = references;
        this.promotion = promotion;
        this.refusals = refusals;
    }

    /// MMU_NORMAL_PT_UPDATE: writes a word of a frame of the domain's, as that frame's type asks.
    long update(long entryMa, long newValue, boolean preserveAd) {
        long mfn = entryMa >>> MachineMemory.PAGE_SHIFT;
        if ((entryMa & Long.BYTES - 1) != 0) {
            return refusals.refuse(Refusal.MISALIGNED, mfn, entryMa, newValue, 0);
        }
        int i = frames.index(mfn);
        if (i < 0) {
            return refusals.refuse(Refusal.BEYOND_MEMORY, mfn, entryMa, newValue, 0);
        }
        int id = frames.identity[i];
        if (FrameTable.ownerOf(id) != domid) {
            return refusals.refuse(Refusal.FRAME_NOT_OWNED, mfn, entryMa, newValue, 0);
        }
        int type = FrameTable.typeOf(id);
        if (frames.typeCount[i] == 0) {
            return writePlain(i, entryMa, newValue);
        }
        return switch (type) {
            case PageType.L1 -> updateL1(entryMa, newValue, preserveAd);
            case PageType.L2, PageType.L3, PageType.L4 -> updateAbove(mfn, entryMa, newValue, type, preserveAd);
            case PageType.SEGDESC -> refusals.refuse(Refusal.DESCRIPTOR_TABLE, mfn, entryMa, newValue, 0);
            default -> writePlain(i, entryMa, newValue);
        };
    }

    /// Changes an entry of a live L1 table.
    long updateL1(long entryMa, long newValue, boolean preserveAd) {
        long old = memory.readWord(entryMa);
        if ((newValue & PRESENT) == 0) {
            writer.write(entryMa, old, newValue, 1, preserveAd);
        } else {
            if (EntryRules.isForbidden(newValue, 1)) {
                return refuseBits(entryMa, newValue, 1);
            }
            long value = EntryRules.adjustedL1(newValue);
            if ((old & PRESENT) != 0 && ((old ^ value) & (ADDRESS | RW)) == 0) {
                writer.write(entryMa, old, value, 1, preserveAd);
                return 0;
            }
            long rc = references.takeLeaf(entryMa, value);
            if (rc < 0) {
                return rc;
            }
            writer.write(entryMa, old, value, 1, preserveAd);
        }
        if ((old & PRESENT) != 0) {
            references.dropLeaf(old);
        }
        return 0;
    }

    /// The guest's own read-modify-write of an L1 entry: `expected` is what its instruction read.
    long exchangeL1(long entryMa, long expected, long newValue) {
        boolean present = (newValue & PRESENT) != 0;
        if (present && EntryRules.isForbidden(newValue, 1)) {
            return refuseBits(entryMa, newValue, 1);
        }
        long value = present ? EntryRules.adjustedL1(newValue) : newValue;
        if (present) {
            long rc = references.takeLeaf(entryMa, value);
            if (rc < 0) {
                return rc;
            }
        }
        boolean stored = writer.exchange(entryMa, expected, value, 1);
        long lost = stored ? expected : value;
        if ((lost & PRESENT) != 0) {
            references.dropLeaf(lost);
        }
        return stored ? 0 : refusals.refuse(Refusal.ENTRY_CHANGED, PteBits.mfn(expected), entryMa, newValue, 1);
    }

    private long updateAbove(long tableMfn, long entryMa, long newValue, int level, boolean preserveAd) {
        if (PteBits.isHypervisorSlot(level, PteBits.slot(entryMa))) {
            return refusals.refuse(Refusal.HYPERVISOR_SLOT, tableMfn, entryMa, newValue, level);
        }
        long old = memory.readWord(entryMa);
        boolean wasPresent = (old & PRESENT) != 0;
        if ((newValue & PRESENT) == 0) {
            writer.write(entryMa, old, newValue, level, preserveAd);
        } else {
            // Checked even when only flags change: a self-map must not become writable by that door (XSA-182).
            long value = EntryRules.adjustedAbove(newValue, level);
            boolean sameFrame = wasPresent && ((old ^ value) & ADDRESS) == 0;
            long rc = promotion.admitAbove(tableMfn, entryMa, value, level, !sameFrame);
            if (rc < 0) {
                return rc;
            }
            writer.write(entryMa, old, value, level, preserveAd);
            if (sameFrame) {
                return 0;
            }
        }
        if (wasPresent) {
            promotion.dropAbove(tableMfn, old, level);
        }
        return 0;
    }

    /// A word of ordinary memory. A frame that was a table until a moment ago may still be walked as one, so it
    /// becomes writable first, by the rule of every change of type.
    private long writePlain(int i, long ma, long value) {
        int id = frames.identity[i];
        int type = FrameTable.typeOf(id);
        if ((id & FrameTable.SHARED_READ_ONLY) != 0) {
            return refusals.refuse(Refusal.SHARED_READ_ONLY, FrameTable.mfnOf(i), ma, value, 0);
        }
        if ((PageType.isTable(type) || type == PageType.SEGDESC) && !references.retype(i, PageType.WRITABLE)) {
            return refusals.refuse(Refusal.COMMIT_FIRST, FrameTable.mfnOf(i), ma, value, 0);
        }
        memory.writeWord(ma, value);
        return 0;
    }

    private long refuseBits(long entryMa, long value, int level) {
        return refusals.refuse(EntryRules.reason(value, level), PteBits.mfn(value), entryMa, value, level);
    }
}
