package xenolith.vmm.mm;

/// References that no page-table entry holds: the bases in CR3, descriptor tables in use, frames that the hypervisor
/// or another domain writes to or reads, pins. They are counted per frame apart, so that [Audit] can tell them from
/// entries and a dead domain's can be dropped.
final class Holds {
    private final FrameTable frames;
    private final int domid;
    private final References references;
    private final Promotion promotion;
    private final RefusalRecord refusals;

    Holds(FrameTable frames, int domid, References references, Promotion promotion, RefusalRecord refusals) {
        this.frames = frames;
        this.domid = domid;
        this.references = references;
        this.promotion = promotion;
        this.refusals = refusals;
    }

    /// 0 if the frame is the domain's.
    long checkOwned(long mfn) {
        if (frames.isOwnedBy(mfn, domid)) {
            return 0;
        }
        Refusal reason = frames.index(mfn) < 0 ? Refusal.BEYOND_MEMORY : Refusal.FRAME_NOT_OWNED;
        return refusals.refuse(reason, mfn, 0, 0, 0);
    }

    long pin(long mfn, int level) {
        if (level < 1 || level > PteBits.LEVELS) {
            return refusals.refuse(Refusal.BAD_LEVEL, mfn, 0, 0, level);
        }
        if (frames.isOwnedBy(mfn, domid) && frames.isPinned(mfn)) {
            return refusals.refuse(Refusal.PINNED_TWICE, mfn, 0, 0, level);
        }
        long rc = promotion.takeTable(mfn, level, 0, 0, level);
        if (rc == 0) {
            frames.identity[frames.index(mfn)] |= FrameTable.PINNED;
        }
        return rc;
    }

    long unpin(long mfn) {
        long rc = checkOwned(mfn);
        if (rc < 0) {
            return rc;
        }
        if (!frames.isPinned(mfn)) {
            return refusals.refuse(Refusal.NOT_PINNED, mfn, 0, 0, 0);
        }
        dropPin(frames.index(mfn));
        return 0;
    }

    long holdTable(long mfn, int type) {
        long rc = promotion.takeTable(mfn, type, 0, 0, type == PageType.SEGDESC ? 0 : type);
        if (rc == 0) {
            frames.heldTyped[frames.index(mfn)]++;
        }
        return rc;
    }

    void unholdTable(long mfn, int type) {
        int i = heldIndex(mfn, frames.heldTyped);
        if (FrameTable.typeOf(frames.identity[i]) != type) {
            throw new IllegalStateException("not held as " + PageType.name(type) + ": " + frames.describe(mfn));
        }
        frames.heldTyped[i]--;
        promotion.dropTable(i, type);
    }

    long holdWritable(long mfn) {
        long rc = checkOwned(mfn);
        if (rc < 0) {
            return rc;
        }
        int i = frames.index(mfn);
        rc = references.takeWritable(i, 0, 0);
        if (rc == 0) {
            frames.heldTyped[i]++;
        }
        return rc;
    }

    void unholdWritable(long mfn) {
        int i = heldIndex(mfn, frames.heldTyped);
        int type = FrameTable.typeOf(frames.identity[i]);
        if (type != PageType.WRITABLE && type != PageType.SHARED) {
            throw new IllegalStateException("not held writable: " + frames.describe(mfn));
        }
        frames.heldTyped[i]--;
        references.dropTyped(i);
    }

    long holdPlain(long mfn) {
        long rc = checkOwned(mfn);
        if (rc < 0) {
            return rc;
        }
        int i = frames.index(mfn);
        rc = references.takePlain(i, 0, 0);
        if (rc == 0) {
            frames.heldPlain[i]++;
        }
        return rc;
    }

    void unholdPlain(long mfn) {
        int i = heldIndex(mfn, frames.heldPlain);
        frames.heldPlain[i]--;
        references.dropPlain(i);
    }

    /// Drops the pins, bases and descriptor tables of a dead domain, and counts its frames that are still held.
    long releaseAll() {
        for (int i = 0; i < frames.frameCount(); i++) {
            if (FrameTable.ownerOf(frames.identity[i]) == domid) {
                releaseTables(i);
            }
        }
        long stillReferenced = 0;
        for (int i = 0; i < frames.frameCount(); i++) {
            if (FrameTable.ownerOf(frames.identity[i]) == domid && frames.refCount[i] != 0) {
                stillReferenced++;
            }
        }
        return stillReferenced;
    }

    private void releaseTables(int i) {
        if ((frames.identity[i] & FrameTable.PINNED) != 0) {
            dropPin(i);
        }
        int type = FrameTable.typeOf(frames.identity[i]);
        if (type == PageType.L4 || type == PageType.SEGDESC) {
            while (frames.heldTyped[i] > 0) {
                frames.heldTyped[i]--;
                promotion.dropTable(i, type);
            }
        }
    }

    private void dropPin(int i) {
        frames.identity[i] &= ~FrameTable.PINNED;
        promotion.dropTable(i, FrameTable.typeOf(frames.identity[i]));
    }

    private int heldIndex(long mfn, int[] held) {
        int i = frames.index(mfn);
        if (i < 0 || FrameTable.ownerOf(frames.identity[i]) != domid || held[i] == 0) {
            throw new IllegalStateException("mfn=" + Long.toHexString(mfn) + " is not held");
        }
        return i;
    }
}
