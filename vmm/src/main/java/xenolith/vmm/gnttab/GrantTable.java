package xenolith.vmm.gnttab;

import java.util.concurrent.locks.Lock;
import xenolith.abi.XenErrno;
import xenolith.abi.XenGrantTable;
import xenolith.abi.XenGrantTable.EntryV1;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.port.GrantAccess;

/// A domain's grant table: its size and version, and the ways to use its grants.
public final class GrantTable {
    /// Xen's default: 32768 entries of version 1.
    public static final int MAX_FRAMES = 64;
    /// Not a status: nothing was done, commit what is queued and ask again. See [PageTables#RETRY].
    public static final int RETRY = Integer.MIN_VALUE;

    private final MachineMemory memory;
    private final GrantFrames frames;
    private final GrantEntries entries;
    private final ActiveGrants active;
    private final GrantMap maps;
    private final GrantCopy copies;

    /// A table of version 1 and of one frame.
    ///
    /// @param tables the domain's
    /// @param firstMfn the first of [#framesFor] frames that nobody owns
    public GrantTable(MachineMemory memory, FrameTable frameTable, PageTables tables, long firstMfn, int maxFrames) {
        this.memory = memory;
        this.frames = new GrantFrames(memory, frameTable, tables.domid(), firstMfn, maxFrames);
        this.entries = new GrantEntries(frames);
        this.active = new ActiveGrants(entries, tables);
        this.maps = new GrantMap(memory, tables, active);
        this.copies = new GrantCopy(memory, tables, active);
        grow(1);
    }

    /// How many frames a table needs that may grow to `maxFrames`.
    public static int framesFor(int maxFrames) {
        return maxFrames + GrantFrames.statusFor(maxFrames);
    }

    static int status(long rc) {
        if (rc == PageTables.RETRY) {
            return RETRY;
        }
        return rc < 0 ? XenGrantTable.GNTST_GENERAL_ERROR : XenGrantTable.GNTST_OKAY;
    }

    // ---- size

    public int frameCount() {
        return frames.sharedCount();
    }

    public int maxFrameCount() {
        return frames.max();
    }

    public long frameMfn(int i) {
        return frames.sharedMfn(i);
    }

    /// 0 with version 1.
    public int statusFrameCount() {
        return frames.statusCount();
    }

    public long statusFrameMfn(int i) {
        return frames.statusMfn(i);
    }

    /// Grows the table to at least `count` frames, not more than [#maxFrameCount].
    public void grow(int count) {
        if (count <= frames.sharedCount()) {
            return;
        }
        active.grow(count * (int) (MachineMemory.PAGE_SIZE / EntryV1.SIZEOF));
        if (entries.version() == 2) {
            frames.growStatus(GrantFrames.statusFor(count));
        }
        frames.growShared(count);
    }

    // ---- version

    public int version() {
        return entries.version();
    }

    /// `GNTTABOP_set_version`.
    ///
    /// @return 0; -EINVAL for a version that is none; -EBUSY while entries but the reserved ones are in use or status
    ///         frames mapped; -ERANGE if a reserved entry cannot be said in version 1
    public long setVersion(int version) {
        if (version != 1 && version != 2) {
            return -XenErrno.EINVAL;
        }
        if (version == entries.version()) {
            return 0;
        }
        for (int ref = XenGrantTable.GNTTAB_NR_RESERVED_ENTRIES; ref < entries.count(); ref++) {
            if (active.isPinned(ref)) {
                return -XenErrno.EBUSY;
            }
        }
        if (version == 2) {
            frames.growStatus(GrantFrames.statusFor(frames.sharedCount()));
        } else if (!ReservedEntries.fitVersion1(frames.shared())) {
            return -XenErrno.ERANGE;
        } else if (!frames.dropStatus()) {
            return -XenErrno.EBUSY;
        }
        entries.changeVersion(version, new ReservedEntries());
        return 0;
    }

    // ---- entries

    /// Makes a reserved entry for domain `domid`, as the toolstack does before the domain starts.
    public void seed(int ref, int domid, long mfn) {
        entries.grant(ref, domid, mfn);
    }

    /// `GNTTABOP_swap_grant_ref`; answers a `GNTST_` number.
    public int swap(int refA, int refB) {
        if (Integer.compareUnsigned(refA, entries.count()) >= 0 || Integer.compareUnsigned(refB, entries.count()) >= 0) {
            return XenGrantTable.GNTST_BAD_GNTREF;
        }
        if (refA == refB) {
            return XenGrantTable.GNTST_OKAY;
        }
        if (active.isPinned(refA) || active.isPinned(refB)) {
            return XenGrantTable.GNTST_EAGAIN;
        }
        entries.swap(refA, refB);
        return XenGrantTable.GNTST_OKAY;
    }

    // ---- uses

    public GrantMap maps() {
        return maps;
    }

    public GrantCopy copies() {
        return copies;
    }

    /// A backend's door to what the domain grants domain 0.
    ///
    /// @param lock the domain's; not held by the caller
    /// @param commitSoon has a commit made before long; called with the lock held
    public GrantAccess backend(Lock lock, Runnable commitSoon) {
        return new BackendGrants(memory, active, lock, commitSoon);
    }

    /// The domain is dead: ends the mappings of its own grants. Backends close theirs.
    public void release() {
        maps.release();
    }
}
