package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.RW;

import xenolith.vmm.guest.MachineMemory;

/// Takes and drops references on single frames of one domain: the arithmetic of the counts, without recursion.
///
/// Every `take` answers 0 or a negative errno, having changed nothing in that case.
final class References {
    static final int MAX_COUNT = Integer.MAX_VALUE;

    private final FrameTable frames;
    private final int[] identity;
    private final int[] typeCount;
    private final int[] refCount;
    private final int domid;
    private final EntryWriter writer;
    private final CommitEpoch epoch;
    private final RefusalRecord refusals;

    References(FrameTable frames, int domid, EntryWriter writer, RefusalRecord refusals) {
        this.frames = frames;
        this.identity = frames.identity;
        this.typeCount = frames.typeCount;
        this.refCount = frames.refCount;
        this.domid = domid;
        this.writer = writer;
        this.epoch = writer.epoch();
        this.refusals = refusals;
    }

    /// Takes the reference that a present level-1 entry of this value holds: on any frame of the domain for a
    /// read-only entry, page tables included; on its writable type too for a read-write one.
    long takeLeaf(long entryMa, long value) {
        long mfn = PteBits.mfn(value);
        int i = frames.index(mfn);
        if (i < 0) {
            return refusals.refuse(Refusal.BEYOND_MEMORY, mfn, entryMa, value, 1);
        }
        if (FrameTable.ownerOf(identity[i]) != domid) {
            return refusals.refuse(Refusal.FRAME_NOT_OWNED, mfn, entryMa, value, 1);
        }
        return (value & RW) != 0 ? takeWritable(i, entryMa, value) : takePlain(i, entryMa, value);
    }

    /// Drops what [#takeLeaf] took for the same value.
    void dropLeaf(long value) {
        int i = (int) (PteBits.mfn(value) - MachineMemory.BASE_MFN);
        if ((value & RW) != 0) {
            dropTyped(i);
        } else {
            dropPlain(i);
        }
    }

    /// A reference that only keeps the frame with its owner.
    long takePlain(int i, long entryMa, long value) {
        if (refCount[i] == MAX_COUNT) {
            return refusals.refuse(Refusal.COUNT_OVERFLOW, FrameTable.mfnOf(i), entryMa, value, 1);
        }
        refCount[i]++;
        return 0;
    }

    void dropPlain(int i) {
        if (refCount[i] <= typeCount[i]) {
            throw new IllegalStateException("reference dropped twice: " + frames.describe(FrameTable.mfnOf(i)));
        }
        if (--refCount[i] == 0) {
            stamp(i);
        }
    }

    /// The right to write to a frame of the domain's.
    long takeWritable(int i, long entryMa, long value) {
        if (FrameTable.typeOf(identity[i]) != PageType.WRITABLE) {
            long rc = becomeWritable(i, entryMa, value);
            if (rc < 0) {
                return rc;
            }
        }
        if (refCount[i] == MAX_COUNT) {
            return refusals.refuse(Refusal.COUNT_OVERFLOW, FrameTable.mfnOf(i), entryMa, value, 1);
        }
        typeCount[i]++;
        refCount[i]++;
        return 0;
    }

    /// One more reference of the type that the frame has. Its type count is not 0.
    long takeSameType(int i, long entryMa, long value, int level) {
        if (refCount[i] == MAX_COUNT) {
            return refusals.refuse(Refusal.COUNT_OVERFLOW, FrameTable.mfnOf(i), entryMa, value, level);
        }
        typeCount[i]++;
        refCount[i]++;
        return 0;
    }

    /// Drops a reference that holds the type, and answers whether it was the last of them. The caller undoes what
    /// the type implied.
    boolean dropTyped(int i) {
        if (typeCount[i] <= 0) {
            throw new IllegalStateException("type dropped twice: " + frames.describe(FrameTable.mfnOf(i)));
        }
        refCount[i]--;
        if (--typeCount[i] == 0) {
            stamp(i);
            return true;
        }
        return false;
    }

    /// Undoes what was taken for a table that was not validated. A table below it may have mapped the frame meanwhile, and
    /// this be the last reference, as in [#dropPlain].
    void takeBackTyped(int i) {
        typeCount[i]--;
        if (--refCount[i] == 0) {
            stamp(i);
        }
    }

    /// Gives another type to a frame whose type count is 0. If translations of its last type may survive, they go
    /// first: a stale writable translation of a new page table, or a stale use as page table of a page that is now
    /// writable, would each let the guest write entries that nobody checks.
    boolean retype(int i, int type) {
        int last = FrameTable.typeOf(identity[i]);
        if (last == type) {
            return true;
        }
        if (last != PageType.NONE && mayBeStale(i) && !writer.commitBeforeReturn()) {
            return false;
        }
        frames.setType(i, type);
        return true;
    }

    /// Whether translations of a frame, of any kind, may be younger than the last commit.
    boolean mayBeStale(int i) {
        return epoch.mayBeStale(frames.staleEpoch[i]);
    }

    private void stamp(int i) {
        frames.staleEpoch[i] = epoch.current();
    }

    private long becomeWritable(int i, long entryMa, long value) {
        int id = identity[i];
        if (FrameTable.typeOf(id) == PageType.SHARED) {
            return (id & FrameTable.SHARED_READ_ONLY) == 0 ? 0
                    : refusals.refuse(Refusal.SHARED_READ_ONLY, FrameTable.mfnOf(i), entryMa, value, 1);
        }
        if (typeCount[i] != 0) {
            return refusals.refuse(Refusal.TYPE_CONFLICT, FrameTable.mfnOf(i), entryMa, value, 1);
        }
        return retype(i, PageType.WRITABLE) ? 0
                : refusals.refuse(Refusal.COMMIT_FIRST, FrameTable.mfnOf(i), entryMa, value, 1);
    }
}
