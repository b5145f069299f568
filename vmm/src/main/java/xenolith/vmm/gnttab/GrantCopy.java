package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GNTCOPY_DEST_GREF;
import static xenolith.abi.XenGrantTable.GNTCOPY_SOURCE_GREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_COPY_ARG;
import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_PAGE;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;
import static xenolith.abi.XenGrantTable.GNTST_PERMISSION_DENIED;

import java.lang.foreign.MemorySegment;
import xenolith.abi.DomId;
import xenolith.abi.XenGrantOp.Copy;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;

/// `GNTTABOP_copy`: copies within a page from a frame or grant of the domain's to another.
///
/// Both are pinned for the time of the copy, in Xen's order of checks: domains, source, destination, ranges.
public final class GrantCopy {
    private final MachineMemory memory;
    private final PageTables tables;
    private final ActiveGrants active;
    private int sourceStart;
    private int sourceEnd;

    GrantCopy(MachineMemory memory, PageTables tables, ActiveGrants active) {
        this.memory = memory;
        this.tables = tables;
        this.active = active;
    }

    /// Does one copy.
    ///
    /// @param op a [Copy] at its start, already out of the guest's reach
    /// @return a `GNTST_` number, or [GrantTable#RETRY]
    public int copy(MemorySegment op) {
        int flags = Copy.flags(op, 0);
        boolean fromGrant = (flags & GNTCOPY_SOURCE_GREF) != 0;
        boolean toGrant = (flags & GNTCOPY_DEST_GREF) != 0;
        int rc = checkDomain(Copy.sourceDomid(op, 0), fromGrant);
        if (rc == GNTST_OKAY) {
            rc = checkDomain(Copy.destDomid(op, 0), toGrant);
        }
        if (rc != GNTST_OKAY) {
            return rc;
        }
        rc = fromGrant ? active.pin(Copy.sourceRef(op, 0), tables.domid(), false, false)
                : readable(Copy.sourceGmfn(op, 0));
        if (rc != GNTST_OKAY) {
            return rc;
        }
        sourceStart = fromGrant ? active.partStart() : 0;
        sourceEnd = fromGrant ? active.partEnd() : MachineMemory.PAGE_SIZE;
        rc = copyFromPinned(op, fromGrant, toGrant);
        if (fromGrant) {
            active.unpin(Copy.sourceRef(op, 0), false);
        } else {
            tables.putReadable(Copy.sourceGmfn(op, 0));
        }
        return rc;
    }

    private int copyFromPinned(MemorySegment op, boolean fromGrant, boolean toGrant) {
        int rc = toGrant ? active.pin(Copy.destRef(op, 0), tables.domid(), true, false)
                : writable(Copy.destGmfn(op, 0));
        if (rc != GNTST_OKAY) {
            return rc;
        }
        long sourceMfn = fromGrant ? active.mfn(Copy.sourceRef(op, 0)) : Copy.sourceGmfn(op, 0);
        long destMfn = toGrant ? active.mfn(Copy.destRef(op, 0)) : Copy.destGmfn(op, 0);
        rc = copyRange(op, sourceMfn, destMfn, toGrant ? active.partStart() : 0,
                toGrant ? active.partEnd() : MachineMemory.PAGE_SIZE);
        if (toGrant) {
            active.unpin(Copy.destRef(op, 0), true);
        } else {
            tables.putWritable(Copy.destGmfn(op, 0));
        }
        return rc;
    }

    private int copyRange(MemorySegment op, long sourceMfn, long destMfn, int destStart, int destEnd) {
        int byteLength = Copy.len(op, 0);
        int from = Copy.sourceOffset(op, 0);
        int to = Copy.destOffset(op, 0);
        if (from + byteLength > MachineMemory.PAGE_SIZE || to + byteLength > MachineMemory.PAGE_SIZE) {
            return GNTST_BAD_COPY_ARG;
        }
        if (from < sourceStart || from + byteLength > sourceEnd || to < destStart || to + byteLength > destEnd) {
            return GNTST_GENERAL_ERROR;
        }
        MemorySegment.copy(memory.segment(), offset(sourceMfn) + from, memory.segment(), offset(destMfn) + to,
                byteLength);
        return GNTST_OKAY;
    }

    private static long offset(long mfn) {
        return MachineMemory.offset(mfn << MachineMemory.PAGE_SHIFT);
    }

    /// A frame is the caller's own, so its domain is to be `DOMID_SELF`; a grant's may be named.
    private int checkDomain(int domid, boolean isGrant) {
        if (domid == DomId.DOMID_SELF) {
            return GNTST_OKAY;
        }
        if (!isGrant) {
            return GNTST_PERMISSION_DENIED;
        }
        return domid == tables.domid() ? GNTST_OKAY : GNTST_BAD_DOMAIN;
    }

    private int readable(long mfn) {
        return tables.getReadable(mfn) < 0 ? GNTST_BAD_PAGE : GNTST_OKAY;
    }

    /// Xen tells a frame that is not the domain's from one that may not be written now.
    private int writable(long mfn) {
        int rc = readable(mfn);
        if (rc != GNTST_OKAY) {
            return rc;
        }
        rc = GrantTable.status(tables.getWritable(mfn));
        tables.putReadable(mfn);
        return rc;
    }
}
