package xenolith.vmm.hypercall;

import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_VIRT_ADDR;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.abi.XenGrantOp.DumpTable;
import xenolith.abi.XenGrantOp.GetStatusFrames;
import xenolith.abi.XenGrantOp.GetVersion;
import xenolith.abi.XenGrantOp.QuerySize;
import xenolith.abi.XenGrantOp.SetVersion;
import xenolith.abi.XenGrantOp.SetupTable;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.gnttab.GrantTable;

/// `grant_table_op` (`xen/grant_table.h`): the calls about the table; those about grants are [GrantTableBatch]'s.
///
/// Transfers of frames are refused, and cache maintenance is not a guest's affair on x86: both are -ENOSYS.
final class GrantTableHypercall {
    private final GrantTable table;
    private final GrantTableBatch batch;

    GrantTableHypercall(GrantTable table) {
        this.table = table;
        this.batch = new GrantTableBatch(table);
    }

    long grantTableOp(CallContext c, long cmd, long arg, long count) {
        if ((int) count < 0) {
            return -XenErrno.EINVAL;
        }
        return switch ((int) cmd) {
            case XenGrantTable.GNTTABOP_COPY, XenGrantTable.GNTTABOP_MAP_GRANT_REF,
                    XenGrantTable.GNTTABOP_UNMAP_GRANT_REF, XenGrantTable.GNTTABOP_UNMAP_AND_REPLACE,
                    XenGrantTable.GNTTABOP_SWAP_GRANT_REF -> batch.run(c, (int) cmd, arg, (int) count);
            case XenGrantTable.GNTTABOP_SETUP_TABLE -> single(count) ? setupTable(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_QUERY_SIZE -> single(count) ? querySize(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_GET_STATUS_FRAMES ->
                single(count) ? getStatusFrames(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_DUMP_TABLE -> single(count) ? dumpTable(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_SET_VERSION -> setVersion(c, arg);
            case XenGrantTable.GNTTABOP_GET_VERSION -> getVersion(c, arg);
            default -> -XenErrno.ENOSYS;
        };
    }

    private static boolean single(long count) {
        return (int) count == 1;
    }

    /// Grows the table if the guest asks for more than there is, and tells the frames.
    private long setupTable(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.canWrite(arg, SetupTable.SIZEOF) || !c.copyIn(arg, SetupTable.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int frames = SetupTable.nrFrames(s, 0);
        int status = checkSelf(c, SetupTable.dom(s, 0));
        if (status == GNTST_OKAY && Integer.compareUnsigned(frames, table.maxFrameCount()) > 0) {
            status = GNTST_GENERAL_ERROR;
        }
        if (status == GNTST_OKAY) {
            table.grow(frames);
            for (int i = 0; i < frames; i++) {
                s.set(ValueLayout.JAVA_LONG, SetupTable.SIZEOF + (long) i * Long.BYTES, table.frameMfn(i));
            }
            status = tellFrames(c, SetupTable.frameList(s, 0), SetupTable.SIZEOF, frames);
        }
        SetupTable.status(s, 0, status);
        return c.copyOut(arg, SetupTable.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private long getStatusFrames(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, GetStatusFrames.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int frames = GetStatusFrames.nrFrames(s, 0);
        int status = checkSelf(c, GetStatusFrames.dom(s, 0));
        if (status == GNTST_OKAY && Integer.compareUnsigned(frames, table.statusFrameCount()) > 0) {
            status = GNTST_GENERAL_ERROR;
        }
        if (status == GNTST_OKAY) {
            for (int i = 0; i < frames; i++) {
                s.set(ValueLayout.JAVA_LONG, GetStatusFrames.SIZEOF + (long) i * Long.BYTES, table.statusFrameMfn(i));
            }
            status = tellFrames(c, GetStatusFrames.frameList(s, 0), GetStatusFrames.SIZEOF, frames);
        }
        GetStatusFrames.status(s, 0, status);
        return c.copyOut(arg, GetStatusFrames.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// Copies `frames` frame numbers, which stand at byte `at` of the scratch memory, to the guest's list.
    private static int tellFrames(CallContext c, long list, long at, int frames) {
        return c.copyOut(list, at, (long) frames * Long.BYTES) ? GNTST_OKAY : GNTST_BAD_VIRT_ADDR;
    }

    private long querySize(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, QuerySize.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int status = checkSelf(c, QuerySize.dom(s, 0));
        if (status == GNTST_OKAY) {
            QuerySize.nrFrames(s, 0, table.frameCount());
            QuerySize.maxNrFrames(s, 0, table.maxFrameCount());
        }
        QuerySize.status(s, 0, status);
        return c.copyOut(arg, QuerySize.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// Xen would print the table on its console; nobody reads ours.
    private static long dumpTable(CallContext c, long arg) {
        if (!c.copyIn(arg, DumpTable.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        DumpTable.status(c.scratch(), 0, checkSelf(c, DumpTable.dom(c.scratch(), 0)));
        return c.copyOut(arg, DumpTable.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// Tells the version that the table has then, also when it refuses.
    private long setVersion(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.canWrite(arg, SetVersion.SIZEOF) || !c.copyIn(arg, SetVersion.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = table.setVersion(SetVersion.version(s, 0));
        SetVersion.version(s, 0, table.version());
        return c.copyOut(arg, SetVersion.SIZEOF) ? rc : -XenErrno.EFAULT;
    }

    private long getVersion(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, GetVersion.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        if (checkSelf(c, GetVersion.dom(s, 0)) != GNTST_OKAY) {
            return -XenErrno.ESRCH;
        }
        GetVersion.version(s, 0, table.version());
        return c.copyOut(arg, GetVersion.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static int checkSelf(CallContext c, int dom) {
        return dom == DomId.DOMID_SELF || dom == c.domain().domid() ? GNTST_OKAY : GNTST_BAD_DOMAIN;
    }
}
