package xenolith.vmm.hypercall;

import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;

import java.lang.foreign.MemorySegment;
import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.abi.XenGrantOp.Copy;
import xenolith.abi.XenGrantOp.MapGrantRef;
import xenolith.abi.XenGrantOp.SwapGrantRef;
import xenolith.abi.XenGrantOp.UnmapAndReplace;
import xenolith.abi.XenGrantOp.UnmapGrantRef;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.gnttab.GrantTable;

/// The grant-table calls that take an array: each element has a `status`, and one that fails stops none of the others.
/// Only an element that cannot be read or written back ends the batch, with -EFAULT, before it is done.
final class GrantTableBatch {
    /// An element changes an entry or copies up to a page: so many elements of `mmu_update` take as long.
    private static final int COST = 4;

    private final GrantTable table;

    GrantTableBatch(GrantTable table) {
        this.table = table;
    }

    long run(CallContext c, int cmd, long array, int count) {
        long byteLength = sizeOf(cmd);
        long rc = 0;
        for (long i = c.progress(); i < count; i++) {
            long va = array + i * byteLength;
            if (c.domain().commits().isFull() || c.isPieceOver(COST)) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (!c.copyInForAnswer(va, byteLength)) {
                rc = -XenErrno.EFAULT;
                break;
            }
            if (element(c, cmd) == GrantTable.RETRY) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (!c.copyOut(va, byteLength)) {
                // The element unmapped itself.
                rc = -XenErrno.EFAULT;
                break;
            }
        }
        c.progress(0);
        if (cmd == XenGrantTable.GNTTABOP_UNMAP_GRANT_REF || cmd == XenGrantTable.GNTTABOP_UNMAP_AND_REPLACE) {
            c.domain().commits().flush();
        }
        return rc;
    }

    private static long sizeOf(int cmd) {
        return switch (cmd) {
            case XenGrantTable.GNTTABOP_COPY -> Copy.SIZEOF;
            case XenGrantTable.GNTTABOP_MAP_GRANT_REF -> MapGrantRef.SIZEOF;
            case XenGrantTable.GNTTABOP_UNMAP_GRANT_REF -> UnmapGrantRef.SIZEOF;
            case XenGrantTable.GNTTABOP_UNMAP_AND_REPLACE -> UnmapAndReplace.SIZEOF;
            default -> SwapGrantRef.SIZEOF;
        };
    }

    /// Does the element that stands in the scratch memory, and writes its answers there.
    private int element(CallContext c, int cmd) {
        MemorySegment s = c.scratch();
        switch (cmd) {
            case XenGrantTable.GNTTABOP_COPY: {
                int status = table.copies().copy(s);
                Copy.status(s, 0, status);
                return status;
            }
            case XenGrantTable.GNTTABOP_MAP_GRANT_REF:
                return map(c, s);
            case XenGrantTable.GNTTABOP_UNMAP_GRANT_REF: {
                int status = table.maps().unmap(c.rootMfn(), UnmapGrantRef.hostAddr(s, 0),
                        UnmapGrantRef.devBusAddr(s, 0), UnmapGrantRef.handle(s, 0));
                UnmapGrantRef.status(s, 0, status);
                return status;
            }
            case XenGrantTable.GNTTABOP_UNMAP_AND_REPLACE: {
                int status = table.maps().unmapAndReplace(c.rootMfn(), UnmapAndReplace.hostAddr(s, 0),
                        UnmapAndReplace.newAddr(s, 0), UnmapAndReplace.handle(s, 0));
                UnmapAndReplace.status(s, 0, status);
                return status;
            }
            default: {
                int status = table.swap(SwapGrantRef.refA(s, 0), SwapGrantRef.refB(s, 0));
                SwapGrantRef.status(s, 0, status);
                return status;
            }
        }
    }

    private int map(CallContext c, MemorySegment s) {
        int dom = MapGrantRef.dom(s, 0);
        if (dom != DomId.DOMID_SELF && dom != c.domain().domid()) {
            MapGrantRef.status(s, 0, GNTST_BAD_DOMAIN);
            return GNTST_BAD_DOMAIN;
        }
        int handle = table.maps().map(c.rootMfn(), MapGrantRef.hostAddr(s, 0), MapGrantRef.flags(s, 0),
                MapGrantRef.ref(s, 0));
        if (handle == GrantTable.RETRY) {
            return GrantTable.RETRY;
        }
        if (handle >= 0) {
            MapGrantRef.handle(s, 0, handle);
            MapGrantRef.devBusAddr(s, 0, table.maps().busAddress(handle));
        }
        MapGrantRef.status(s, 0, Math.min(handle, GNTST_OKAY));
        return GNTST_OKAY;
    }
}
