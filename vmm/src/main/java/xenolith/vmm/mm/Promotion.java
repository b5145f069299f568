package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ENTRIES;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;
import static xenolith.vmm.mm.PteBits.PRESENT;
import static xenolith.vmm.mm.PteBits.RW;

import xenolith.vmm.guest.MachineMemory;

/// Makes page tables and descriptor tables out of plain frames, and plain frames of them again.
///
/// A table is validated entry by entry when it gets its type and not before; from then on its type count says that its
/// entries are good. Recursion goes down one level at a time, but for one step to a table of the same level, so it is
/// 7 deep; each frame is validated at most once
/// however many entries name it. [Pieces] bounds what one call does of it.
final class Promotion {
    private final MachineMemory memory;
    private final FrameTable frames;
    private final int domid;
    private final EntryWriter writer;
    private final References references;
    private final RefusalRecord refusals;
    private final Pieces pieces;
    private final LeafTables leaves;

    Promotion(MachineMemory memory, FrameTable frames, int domid, EntryWriter writer, References references,
            RefusalRecord refusals, Pieces pieces) {
        this.memory = memory;
        this.pieces = pieces;
        this.leaves = new LeafTables(memory, frames, domid, references, refusals);
        this.frames = frames;
        this.domid = domid;
        this.writer = writer;
        this.references = references;
        this.refusals = refusals;
    }

    /// Takes a reference on frame `mfn` as a table of `type` (a level, or [PageType#SEGDESC]), validating it if this
    /// is the first. The last three parameters tell who asks: an entry, or 0, 0 and the level of a pin.
    long takeTable(long mfn, int type, long entryMa, long value, int level) {
        long rc = take(mfn, type, entryMa, value, level);
        answered(mfn);
        return rc;
    }

    /// A new piece begins: goes on with what was left behind.
    ///
    /// @return whether nothing is left, so that the call may do what it is for
    boolean catchUp() {
        pieces.begin();
        return dropBehind();
    }

    /// A new piece begins for a call that cannot be repeated.
    void beginPiece() {
        pieces.begin();
    }

    /// The domain is dead: drops all that was put aside, and puts no more aside.
    void finish() {
        pieces.unlimited();
        pieces.abandon();
        dropBehind();
    }

    private boolean dropBehind() {
        FrameStack behind = pieces.behind();
        while (!behind.isEmpty() && !pieces.isOver()) {
            int i = behind.pop();
            frames.heldTyped[i]--;
            pieces.holdDropped();
            dropTable(i, FrameTable.typeOf(frames.identity[i]));
        }
        return behind.isEmpty();
    }

    /// A validation from `mfn` down has its answer; what was kept for it goes if it is final.
    private void answered(long mfn) {
        int i = frames.index(mfn);
        if (i >= 0) {
            pieces.ended(i);
            dropBehind();
        }
    }

    private long take(long mfn, int type, long entryMa, long value, int level) {
        int i = frames.index(mfn);
        if (i < 0) {
            return refusals.refuse(Refusal.BEYOND_MEMORY, mfn, entryMa, value, level);
        }
        int id = frames.identity[i];
        if (FrameTable.ownerOf(id) != domid) {
            return refusals.refuse(Refusal.FRAME_NOT_OWNED, mfn, entryMa, value, level);
        }
        int current = FrameTable.typeOf(id);
        if (current == PageType.SHARED) {
            return refusals.refuse(Refusal.SHARED_FRAME, mfn, entryMa, value, level);
        }
        if (frames.typeCount[i] == 0) {
            return promote(i, type, entryMa, value, level);
        }
        if (current != type) {
            Refusal reason = PageType.isTable(current) && PageType.isTable(type)
                    ? Refusal.LEVEL_MISMATCH : Refusal.TYPE_CONFLICT;
            return refusals.refuse(reason, mfn, entryMa, value, level);
        }
        return references.takeSameType(i, entryMa, value, level);
    }

    /// Drops what [#takeTable] took. With the last reference the table's own entries drop theirs.
    void dropTable(int i, int type) {
        FrameStack aside = frames.typeCount[i] == 1 && PageType.isTable(type) ? pieces.aside() : null;
        if (aside != null) {
            // The reference stays, as a hold of ours.
            frames.heldTyped[i]++;
            aside.push(i);
        } else if (references.dropTyped(i)) {
            pieces.tableDone();
            frames.identity[i] &= ~FrameTable.VALIDATED;
            if (PageType.isTable(type)) {
                long mfn = FrameTable.mfnOf(i);
                writer.retired(mfn);
                if (type == PageType.L1) {
                    leaves.drop(mfn);
                } else {
                    dropEntries(mfn, type, ENTRIES);
                }
            }
        }
    }

    /// Checks a present entry above level 1, and takes the reference it holds unless the entry already names that
    /// frame. A self-map holds none: it goes with its own table, and a count that a table held on itself would never
    /// end.
    long admitAbove(long tableMfn, long entryMa, long value, int level, boolean takesReference) {
        long rc = admit(tableMfn, entryMa, value, level, takesReference);
        answered(PteBits.mfn(value));
        return rc;
    }

    private long admit(long tableMfn, long entryMa, long value, int level, boolean takesReference) {
        long childMfn = PteBits.mfn(value);
        if (EntryRules.isForbidden(value, level)) {
            return refusals.refuse(EntryRules.reason(value, level), childMfn, entryMa, value, level);
        }
        boolean self = childMfn == tableMfn;
        if (self || isLive(childMfn, level)) {
            if ((value & RW) != 0) {
                return refusals.refuse(Refusal.WRITABLE_SELF_MAP, childMfn, entryMa, value, level);
            }
            return self || !takesReference ? 0 : takeLinear(tableMfn, childMfn, entryMa, value, level);
        }
        return takesReference ? take(childMfn, level - 1, entryMa, value, level) : 0;
    }

    void dropAbove(long tableMfn, long value, int level) {
        long childMfn = PteBits.mfn(value);
        if (childMfn == tableMfn) {
            return;
        }
        int child = (int) (childMfn - MachineMemory.BASE_MFN);
        if (FrameTable.typeOf(frames.identity[child]) == level) {
            frames.linear[(int) (tableMfn - MachineMemory.BASE_MFN)]--;
            frames.linear[child]++;
            dropTable(child, level);
        } else {
            dropTable(child, level - 1);
        }
    }

    /// Whether the frame is a table of `level` in use, of this domain.
    private boolean isLive(long mfn, int level) {
        int i = frames.index(mfn);
        return i >= 0 && frames.typeCount[i] != 0 && FrameTable.typeOf(frames.identity[i]) == level
                && FrameTable.ownerOf(frames.identity[i]) == domid;
    }

    /// A read-only entry that names another table of the same level, by which a guest sees the tables of one root
    /// through another: a reference of that type, as Xen's `pv_linear_pt` has it.
    private long takeLinear(long tableMfn, long childMfn, long entryMa, long value, int level) {
        int table = frames.index(tableMfn);
        int child = frames.index(childMfn);
        if (frames.linear[table] < 0 || frames.linear[child] > 0) {
            return refusals.refuse(Refusal.LINEAR_CHAIN, childMfn, entryMa, value, level);
        }
        long rc = references.takeSameType(child, entryMa, value, level);
        if (rc == 0) {
            frames.linear[table]++;
            frames.linear[child]--;
        }
        return rc;
    }

    private long promote(int i, int type, long entryMa, long value, int level) {
        long mfn = FrameTable.mfnOf(i);
        if (pieces.isOver()) {
            pieces.interrupt();
            return refusals.refuse(Refusal.PIECE_OVER, mfn, entryMa, value, level);
        }
        if (!references.retype(i, type)) {
            return refusals.refuse(Refusal.COMMIT_FIRST, mfn, entryMa, value, level);
        }
        long rc = references.takeSameType(i, entryMa, value, level);
        if (rc < 0) {
            return rc;
        }
        rc = validate(mfn, type);
        if (rc < 0) {
            // The type stays: if the frame was such a table until a moment ago, it may still be walked as one.
            references.takeBackTyped(i);
            return rc;
        }
        frames.identity[i] |= FrameTable.VALIDATED;
        pieces.tableDone();
        if (type == PageType.L4) {
            writer.installHypervisorSlots(mfn);
        }
        return 0;
    }

    private long validate(long mfn, int type) {
        return switch (type) {
            case PageType.L1 -> leaves.validate(mfn);
            case PageType.SEGDESC -> DescriptorTables.validateFrame(memory, mfn)
                    ? 0 : refusals.refuse(Refusal.BAD_DESCRIPTOR, mfn, 0, 0, 0);
            default -> validateAbove(mfn, type);
        };
    }

    /// A plain store: no processor walks a table under validation.
    private void storeAdjusted(long entryMa, long value, long adjusted) {
        if (adjusted != value) {
            memory.writeWord(entryMa, adjusted);
        }
    }

    private long validateAbove(long mfn, int level) {
        long tableMa = mfn << MachineMemory.PAGE_SHIFT;
        for (int slot = 0; slot < ENTRIES; slot++) {
            long entryMa = tableMa + ((long) slot << ENTRY_SHIFT);
            long value = memory.readWord(entryMa);
            if ((value & PRESENT) != 0 && !PteBits.isHypervisorSlot(level, slot)) {
                long rc = admit(mfn, entryMa, value, level, true);
                if (rc < 0) {
                    dropEntries(mfn, level, slot);
                    return rc;
                }
                storeAdjusted(entryMa, value, EntryRules.adjustedAbove(value, level));
            }
        }
        return 0;
    }

    /// Drops the references of the first `slots` entries of a table above level 1.
    private void dropEntries(long mfn, int level, int slots) {
        long tableMa = mfn << MachineMemory.PAGE_SHIFT;
        for (int slot = 0; slot < slots; slot++) {
            long value = memory.readWord(tableMa + ((long) slot << ENTRY_SHIFT));
            if ((value & PRESENT) != 0 && !PteBits.isHypervisorSlot(level, slot)) {
                dropAbove(mfn, value, level);
            }
        }
    }
}
