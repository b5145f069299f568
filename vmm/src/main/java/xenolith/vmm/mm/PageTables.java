package xenolith.vmm.mm;

import xenolith.vmm.guest.MachineMemory;

/// The validator of one domain's page tables: every way in which the domain may change them, and no other.
///
/// Answers are 0 or a negative errno, whatever the guest asks; [#refusals] tells why. An
/// [IllegalStateException] means that the caller broke a rule (dropped what it never took). All under the domain's
/// mm lock.
public final class PageTables {
    /// Xen's numbers, which are Linux's.
    static final int EPERM = 1;
    static final int EAGAIN = 11;
    static final int EFAULT = 14;
    static final int EBUSY = 16;
    static final int EINVAL = 22;

    /// Nothing was done and nothing was wrong: commit what is pending, and ask again ([Refusal#COMMIT_FIRST],
    /// [Refusal#PIECE_OVER]), or
    /// let the guest repeat its instruction ([Refusal#ENTRY_CHANGED]).
    public static final long RETRY = -EAGAIN;

    private final MachineMemory memory;
    private final FrameTable frames;
    private final int domid;
    private final EntryWriter writer;
    private final RefusalRecord refusals;
    private final References references;
    private final EntryUpdates updates;
    private final Holds holds;
    private final Promotion promotion;
    private final PageWalk walk;

    public PageTables(MachineMemory memory, FrameTable frames, int domid, EntryWriter writer) {
        this(memory, frames, domid, writer, Pieces.TABLES);
    }

    PageTables(MachineMemory memory, FrameTable frames, int domid, EntryWriter writer, int tablesPerPiece) {
        this.memory = memory;
        this.frames = frames;
        this.domid = domid;
        this.writer = writer;
        this.refusals = new RefusalRecord(frames);
        this.references = new References(frames, domid, writer, refusals);
        this.promotion = new Promotion(memory, frames, domid, writer, references, refusals,
                new Pieces(tablesPerPiece));
        this.updates = new EntryUpdates(memory, frames, domid, writer, references, promotion, refusals);
        this.holds = new Holds(frames, domid, references, promotion, refusals);
        this.walk = new PageWalk(memory);
    }

    /// MMUEXT_PIN_Ln_TABLE: validates a table of `level` 1–4 and keeps it one until [#unpin].
    public long pin(long mfn, int level) {
        return promotion.catchUp() ? holds.pin(mfn, level) : pieceOver(mfn);
    }

    /// MMUEXT_UNPIN_TABLE.
    public long unpin(long mfn) {
        return promotion.catchUp() ? holds.unpin(mfn) : pieceOver(mfn);
    }

    /// MMU_NORMAL_PT_UPDATE, or with `preserveAd` MMU_PT_UPDATE_PRESERVE_AD: writes an entry of a table of any level,
    /// or a plain word of a frame that is none. The command bits of `ptr` are already masked out of `entryMa`.
    public long updateEntry(long entryMa, long newValue, boolean preserveAd) {
        return promotion.catchUp() ? updates.update(entryMa, newValue, preserveAd)
                : pieceOver(entryMa >>> MachineMemory.PAGE_SHIFT);
    }

    /// update_va_mapping: sets the level-1 entry that maps `va` under the root `rootMfn`, a base of the domain.
    public long updateVaMapping(long rootMfn, long va, long value) {
        if (!promotion.catchUp()) {
            return pieceOver(rootMfn);
        }
        long entryMa = walk.leafEntryMa(rootMfn, va);
        if (entryMa < 0) {
            return refusals.refuse(Refusal.NOT_MAPPED, rootMfn, 0, value, 1);
        }
        // A walk through a self-map ends in a table of a higher level.
        return isLiveL1(entryMa) ? updates.updateL1(entryMa, value, false)
                : refusals.refuse(Refusal.NOT_AN_L1, rootMfn, entryMa, value, 1);
    }

    /// A write that the guest attempted on a level-1 table mapped read-only, caught as a page fault. Its instruction
    /// read `expectedOld`; the write happens only if the entry still is that, else [#RETRY].
    public long emulatedWrite(long entryMa, long expectedOld, long newValue) {
        if ((entryMa & Long.BYTES - 1) != 0) {
            return refusals.refuse(Refusal.MISALIGNED, entryMa >>> MachineMemory.PAGE_SHIFT, entryMa, newValue, 1);
        }
        if (!promotion.catchUp()) {
            return pieceOver(entryMa >>> MachineMemory.PAGE_SHIFT);
        }
        return isLiveL1(entryMa) ? updates.exchangeL1(entryMa, expectedOld, newValue)
                : refusals.refuse(Refusal.NOT_AN_L1, entryMa >>> MachineMemory.PAGE_SHIFT, entryMa, newValue, 1);
    }

    /// update_descriptor: writes one descriptor of a descriptor table, or of a plain frame.
    public long updateDescriptor(long descriptorMa, long descriptor) {
        long mfn = descriptorMa >>> MachineMemory.PAGE_SHIFT;
        if ((descriptorMa & Long.BYTES - 1) != 0) {
            return refusals.refuse(Refusal.MISALIGNED, mfn, descriptorMa, descriptor, 0);
        }
        long rc = holds.checkOwned(mfn);
        if (rc < 0) {
            return rc;
        }
        if (!DescriptorTables.isAcceptable(descriptor)) {
            return refusals.refuse(Refusal.BAD_DESCRIPTOR, mfn, descriptorMa, descriptor, 0);
        }
        int i = frames.index(mfn);
        if (frames.isLiveTable(i)) {
            return refusals.refuse(Refusal.TYPE_CONFLICT, mfn, descriptorMa, descriptor, 0);
        }
        long value = DescriptorTables.adjusted(descriptor);
        if (frames.typeCount[i] != 0 && FrameTable.typeOf(frames.identity[i]) == PageType.SEGDESC) {
            memory.writeWord(descriptorMa, value);
            return 0;
        }
        return updates.update(descriptorMa, value, false);
    }

    /// MMUEXT_NEW_BASEPTR and its user twin: takes an L4 for CR3. Load the register, then [#dropBase] the old one.
    public long newBase(long mfn) {
        return promotion.catchUp() ? holds.holdTable(mfn, PageType.L4) : pieceOver(mfn);
    }

    public void dropBase(long mfn) {
        promotion.beginPiece();
        holds.unholdTable(mfn, PageType.L4);
    }

    /// A frame of a GDT or LDT: validated, DPLs corrected in place, not writable until the last [#putSegdesc].
    public long getSegdesc(long mfn) {
        return promotion.catchUp() ? holds.holdTable(mfn, PageType.SEGDESC) : pieceOver(mfn);
    }

    public void putSegdesc(long mfn) {
        holds.unholdTable(mfn, PageType.SEGDESC);
    }

    /// Keeps a frame writable: for what the hypervisor or another domain writes to for some time (vcpu_info,
    /// runstate, rings, read-write grants). Meanwhile it cannot become a table.
    public long getWritable(long mfn) {
        return promotion.catchUp() ? holds.holdWritable(mfn) : pieceOver(mfn);
    }

    /// Gives [#getWritable] back. Whoever was granted the frame has lost its own translations of it by then.
    public void putWritable(long mfn) {
        holds.unholdWritable(mfn);
    }

    /// Keeps a frame with its owner, for reading (read-only grants).
    public long getReadable(long mfn) {
        return holds.holdPlain(mfn);
    }

    public void putReadable(long mfn) {
        holds.unholdPlain(mfn);
    }

    /// The domain gives a frame back (decrease_reservation). Refused while anything refers to it. When it succeeds
    /// the frame is unowned, and no translation of it survives the commit it asked for.
    public long releaseFrame(long mfn) {
        long rc = checkUnused(mfn);
        if (rc == 0) {
            frames.release(mfn);
        }
        return rc;
    }

    /// What [#releaseFrame] will answer, once tables left behind by other calls are out of its way.
    public long checkRelease(long mfn) {
        return promotion.catchUp() ? checkUnused(mfn) : pieceOver(mfn);
    }

    private long checkUnused(long mfn) {
        long rc = holds.checkOwned(mfn);
        if (rc < 0) {
            return rc;
        }
        int i = frames.index(mfn);
        if (FrameTable.typeOf(frames.identity[i]) == PageType.SHARED) {
            return refusals.refuse(Refusal.SHARED_FRAME, mfn, 0, 0, 0);
        }
        if (frames.refCount[i] != 0) {
            return refusals.refuse(Refusal.STILL_REFERENCED, mfn, 0, 0, 0);
        }
        if (references.mayBeStale(i) && !writer.commitBeforeReturn()) {
            return refusals.refuse(Refusal.COMMIT_FIRST, mfn, 0, 0, 0);
        }
        return 0;
    }

    /// The domain is dead, its vCPUs stand still for good: drops its pins, bases and descriptor tables.
    ///
    /// @return how many of its frames somebody still refers to by [#getWritable] or [#getReadable]; 0 when all of
    ///         them were put first
    public long release() {
        promotion.finish();
        return holds.releaseAll();
    }

    /// What was left behind of earlier calls took all of this one's time.
    private long pieceOver(long mfn) {
        return refusals.refuse(Refusal.PIECE_OVER, mfn, 0, 0, 0);
    }

    /// Whether the frame is a page table of this domain, of any level.
    public boolean isPageTable(long mfn) {
        return frames.isOwnedBy(mfn, domid) && frames.isLiveTable(frames.index(mfn));
    }

    /// Whether `entryMa` lies in a level-1 table of this domain: what emulated writes may reach.
    public boolean isLiveL1(long entryMa) {
        int i = frames.index(entryMa >>> MachineMemory.PAGE_SHIFT);
        if (i < 0 || frames.typeCount[i] == 0) {
            return false;
        }
        int id = frames.identity[i];
        return FrameTable.ownerOf(id) == domid && FrameTable.typeOf(id) == PageType.L1;
    }

    /// See [PageWalk#leafEntryMa].
    public long leafEntryMa(long rootMfn, long va) {
        return walk.leafEntryMa(rootMfn, va);
    }

    /// See [PageWalk#translate].
    public long translate(long rootMfn, long va, boolean forWrite) {
        return walk.translate(rootMfn, va, forWrite);
    }

    public RefusalRecord refusals() {
        return refusals;
    }

    public int domid() {
        return domid;
    }
}
