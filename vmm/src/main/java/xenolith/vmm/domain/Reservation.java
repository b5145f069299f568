package xenolith.vmm.domain;

import xenolith.vmm.guest.FrameDiscard;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.mm.PageTables;

/// Which machine frames a domain has, and how many it may have: a balloon driver gives some back and asks for them
/// again. What is given back costs the host nothing meanwhile and is zero when it returns.
///
/// A frame leaves only while nothing refers to it, hypervisor and backends included, and after no vcpu can have a
/// translation of it: see [PageTables#checkRelease].
///
/// Lock: the domain's.
public final class Reservation {
    private final int domid;
    private final FrameTable frames;
    private final PageTables tables;
    private final MachineToPhys m2p;
    private final FreeFrames free;
    private final FrameDiscard host;
    private final long maxFrames;
    private long frameCount;

    Reservation(DomainParts parts, PageTables tables) {
        this.domid = parts.domid();
        this.frames = parts.frames();
        this.tables = tables;
        this.m2p = parts.m2p();
        this.free = parts.freeFrames();
        this.host = parts.discard();
        this.maxFrames = parts.frameCount();
        this.frameCount = parts.frameCount();
    }

    /// Frames that the domain owns now.
    public long frameCount() {
        return frameCount;
    }

    /// The most that it may own.
    public long maxFrames() {
        return maxFrames;
    }

    /// Whether 2^`order` frames from the guest's `mfn` on can be given back: 0, a negative errno, or
    /// [PageTables#RETRY] if a commit must come first.
    public long checkGiveBack(long mfn, int order) {
        for (long i = 0; i < 1L << order; i++) {
            long rc = tables.checkRelease(mfn + i);
            if (rc < 0) {
                return rc;
            }
        }
        return 0;
    }

    /// Gives back 2^`order` frames that [#checkGiveBack] found good, under the same hold of the lock.
    public void giveBack(long mfn, int order) {
        long count = 1L << order;
        for (long i = 0; i < count; i++) {
            release(mfn + i);
        }
        setInvalid(mfn, count);
        free.add(mfn, count);
        host.discard(mfn, count);
    }

    /// The first of 2^`order` zero frames, now the domain's and without a pfn, all below `limitMfn`; -1 if there is no
    /// such run or the domain has all that it may.
    public long take(int order, long limitMfn) {
        long count = 1L << order;
        if (frameCount + count > maxFrames) {
            return -1;
        }
        long mfn = free.find(order, limitMfn);
        if (mfn >= 0) {
            free.remove(mfn, count);
            assign(mfn, count);
        }
        return mfn;
    }

    /// Undoes a [#take] that the guest was not told of.
    public void untake(long mfn, int order) {
        for (long i = 0; i < 1L << order; i++) {
            release(mfn + i);
        }
        free.add(mfn, 1L << order);
    }

    /// Tells the pfns of 2^`order` frames.
    public void setPfns(long mfn, long pfn, int order) {
        for (long i = 0; i < 1L << order; i++) {
            m2p.set(mfn + i, pfn + i);
        }
    }

    // ---- exchange: the frames are free for a moment, so that they may be part of what comes back

    /// Frees `count` extents of 2^`order` frames, all of them or none, with what they hold. Answers 0, a negative errno
    /// (the guest named a frame that it cannot give, or one twice) or [PageTables#RETRY].
    public long surrender(long[] mfns, int count, int order) {
        for (int i = 0; i < count; i++) {
            long rc = checkGiveBack(mfns[i], order);
            if (rc == 0) {
                untake(mfns[i], order);
            } else {
                unsurrender(mfns, i, order);
                return rc;
            }
        }
        return 0;
    }

    /// Undoes [#surrender].
    public void unsurrender(long[] mfns, int count, int order) {
        for (int i = 0; i < count; i++) {
            free.remove(mfns[i], 1L << order);
            assign(mfns[i], 1L << order);
        }
    }

    /// The guest gets something for what it surrendered, which therefore is gone for good.
    public void settle(long[] mfns, int count, int order) {
        for (int i = 0; i < count; i++) {
            setInvalid(mfns[i], 1L << order);
            host.discard(mfns[i], 1L << order);
        }
    }

    private void setInvalid(long mfn, long count) {
        for (long i = 0; i < count; i++) {
            m2p.set(mfn + i, MachineToPhys.INVALID);
        }
    }

    private void assign(long mfn, long count) {
        for (long i = 0; i < count; i++) {
            frames.assign(mfn + i, domid);
        }
        frameCount += count;
    }

    private void release(long mfn) {
        long rc = tables.releaseFrame(mfn);
        if (rc < 0) {
            throw new IllegalStateException("a frame that was free to go is not: " + rc + ", " + frames.describe(mfn));
        }
        frameCount--;
    }
}
