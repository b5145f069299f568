package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.abi.XenGrantOp;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.Domain;

/// `grant_table_op` (`xen/grant_table.h`): a domain's own table of version 1, so that it can grant. Mapping and
/// copying other domains' grants is not there yet.
final class GrantTableHypercall {
    /// Frames of each domain's table.
    static final int FRAMES = 4;

    private final long firstMfn;

    GrantTableHypercall(long firstMfn) {
        this.firstMfn = firstMfn;
    }

    long grantTableOp(CallContext c, long cmd, long arg, long count) {
        return switch ((int) cmd) {
            case XenGrantTable.GNTTABOP_SETUP_TABLE -> count == 1 ? setupTable(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_QUERY_SIZE -> count == 1 ? querySize(c, arg) : -XenErrno.EINVAL;
            default -> -XenErrno.ENOSYS;
        };
    }

    private long setupTable(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenGrantOp.SetupTable.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int frames = XenGrantOp.SetupTable.nrFrames(s, 0);
        long list = XenGrantOp.SetupTable.frameList(s, 0);
        int status = XenGrantTable.GNTST_OKAY;
        if (!isSelf(c.domain(), XenGrantOp.SetupTable.dom(s, 0))) {
            status = XenGrantTable.GNTST_BAD_DOMAIN;
        } else if (frames < 0 || frames > FRAMES) {
            status = XenGrantTable.GNTST_GENERAL_ERROR;
        }
        XenGrantOp.SetupTable.status(s, 0, status);
        if (!c.copyOut(arg, XenGrantOp.SetupTable.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        if (status != XenGrantTable.GNTST_OKAY) {
            return 0;
        }
        for (int i = 0; i < frames; i++) {
            s.set(ValueLayout.JAVA_LONG, (long) i * Long.BYTES, firstMfn + i);
        }
        return c.copyOut(list, (long) frames * Long.BYTES) ? 0 : -XenErrno.EFAULT;
    }

    private static long querySize(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenGrantOp.QuerySize.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        boolean self = isSelf(c.domain(), XenGrantOp.QuerySize.dom(s, 0));
        XenGrantOp.QuerySize.nrFrames(s, 0, self ? FRAMES : 0);
        XenGrantOp.QuerySize.maxNrFrames(s, 0, self ? FRAMES : 0);
        XenGrantOp.QuerySize.status(s, 0, self ? XenGrantTable.GNTST_OKAY : XenGrantTable.GNTST_BAD_DOMAIN);
        return c.copyOut(arg, XenGrantOp.QuerySize.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static boolean isSelf(Domain domain, int dom) {
        return dom == DomId.DOMID_SELF || dom == domain.domid();
    }
}
