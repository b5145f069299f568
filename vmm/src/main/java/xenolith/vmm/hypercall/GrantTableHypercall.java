package xenolith.vmm.hypercall;

import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_VIRT_ADDR;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;
import static xenolith.abi.XenGrantTable.GNTST_PERMISSION_DENIED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntToLongFunction;
import xenolith.abi.XenErrno;
import xenolith.abi.XenGrantOp.CacheFlush;
import xenolith.abi.XenGrantOp.DumpTable;
import xenolith.abi.XenGrantOp.GetStatusFrames;
import xenolith.abi.XenGrantOp.GetVersion;
import xenolith.abi.XenGrantOp.QuerySize;
import xenolith.abi.XenGrantOp.SetVersion;
import xenolith.abi.XenGrantOp.SetupTable;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.gnttab.GrantTable;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageWalk;

/// `grant_table_op` (`xen/grant_table.h`): the calls about the table; those about grants are [GrantTableBatch]'s.
///
/// Transfers of frames are refused, as by a Xen that was told not to allow them.
final class GrantTableHypercall {
    /// A table is cleared: up to 64 pages.
    private static final int SET_VERSION_COST = 256;
    /// Xen goes on with a long cache flush by the bits above.
    private static final int COMMAND_MASK = 0xfff;

    private final GrantTable table;
    private final GrantTableBatch batch;

    GrantTableHypercall(GrantTable table) {
        this.table = table;
        this.batch = new GrantTableBatch(table);
    }

    long grantTableOp(CallContext c, long cmd, long arg, long count) {
        int op = (int) cmd & COMMAND_MASK;
        if ((int) count < 0 || op != (int) cmd && op != XenGrantTable.GNTTABOP_CACHE_FLUSH) {
            return -XenErrno.EINVAL;
        }
        return switch (op) {
            case XenGrantTable.GNTTABOP_COPY, XenGrantTable.GNTTABOP_MAP_GRANT_REF,
                    XenGrantTable.GNTTABOP_UNMAP_GRANT_REF, XenGrantTable.GNTTABOP_UNMAP_AND_REPLACE,
                    XenGrantTable.GNTTABOP_SWAP_GRANT_REF -> batch.run(c, op, arg, (int) count);
            case XenGrantTable.GNTTABOP_SETUP_TABLE -> single(count) ? setupTable(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_QUERY_SIZE -> single(count) ? querySize(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_GET_STATUS_FRAMES ->
                single(count) ? getStatusFrames(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_DUMP_TABLE -> single(count) ? dumpTable(c, arg) : -XenErrno.EINVAL;
            case XenGrantTable.GNTTABOP_SET_VERSION -> setVersion(c, arg);
            case XenGrantTable.GNTTABOP_GET_VERSION -> getVersion(c, arg);
            case XenGrantTable.GNTTABOP_TRANSFER -> -XenErrno.EOPNOTSUPP;
            case XenGrantTable.GNTTABOP_CACHE_FLUSH -> cacheFlush(c, arg, (int) count);
            default -> -XenErrno.ENOSYS;
        };
    }

    private static boolean single(long count) {
        return (int) count == 1;
    }

    /// Grows the table if the guest asks for more than there is, and tells the frames.
    private long setupTable(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyInForAnswer(arg, SetupTable.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        if (!PageWalk.isGuestAddress(SetupTable.frameList(s, 0))) {
            return -XenErrno.EFAULT;
        }
        int frames = SetupTable.nrFrames(s, 0);
        int status = checkSelf(c, SetupTable.dom(s, 0));
        if (status == GNTST_OKAY && Integer.compareUnsigned(frames, table.maxFrameCount()) > 0) {
            status = GNTST_GENERAL_ERROR;
        }
        if (status == GNTST_OKAY && frames > 0 && !c.canWrite(SetupTable.frameList(s, 0), (long) frames * Long.BYTES)) {
            status = GNTST_BAD_VIRT_ADDR;
        }
        if (status == GNTST_OKAY) {
            table.grow(frames);
            status = tellFrames(c, SetupTable.frameList(s, 0), frames, table::frameMfn);
        }
        SetupTable.status(s, 0, status);
        return c.copyOut(arg, SetupTable.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private long getStatusFrames(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, GetStatusFrames.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        if (!PageWalk.isGuestAddress(GetStatusFrames.frameList(s, 0))) {
            return -XenErrno.EFAULT;
        }
        int frames = GetStatusFrames.nrFrames(s, 0);
        int status = checkSelf(c, GetStatusFrames.dom(s, 0));
        if (status == GNTST_OKAY && Integer.compareUnsigned(frames, table.statusFrameCount()) > 0) {
            status = GNTST_GENERAL_ERROR;
        }
        if (status == GNTST_OKAY) {
            status = tellFrames(c, GetStatusFrames.frameList(s, 0), frames, table::statusFrameMfn);
        }
        GetStatusFrames.status(s, 0, status);
        return c.copyOut(arg, GetStatusFrames.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// Copies the numbers of `frames` frames to the guest's list, by way of the scratch memory behind the structure.
    private static int tellFrames(CallContext c, long list, int frames, IntToLongFunction mfn) {
        long at = GetStatusFrames.SIZEOF + SetupTable.SIZEOF;
        for (int i = 0; i < frames; i++) {
            c.scratch().set(ValueLayout.JAVA_LONG, at + (long) i * Long.BYTES, mfn.applyAsLong(i));
        }
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
        if (!c.copyInForAnswer(arg, SetVersion.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = table.setVersion(SetVersion.version(s, 0));
        c.spend(SET_VERSION_COST);
        SetVersion.version(s, 0, table.version());
        return c.copyOut(arg, SetVersion.SIZEOF) ? rc : -XenErrno.EFAULT;
    }

    private long getVersion(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, GetVersion.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = DomainNames.checkSelf(c.domain(), GetVersion.dom(s, 0));
        if (rc < 0) {
            return rc;
        }
        GetVersion.version(s, 0, table.version());
        return c.copyOut(arg, GetVersion.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static int checkSelf(CallContext c, int dom) {
        if (DomainNames.isSelf(c.domain(), dom)) {
            return GNTST_OKAY;
        }
        return DomainNames.exists(c.domain(), dom) ? GNTST_PERMISSION_DENIED : GNTST_BAD_DOMAIN;
    }

    /// What is wrong with the first bad element; a good one is refused too, for x86 caches need no such thing.
    private long cacheFlush(CallContext c, long array, int count) {
        for (long i = c.progress(); i < count; i++) {
            if (c.isPieceOver(1)) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            long rc = c.copyIn(array + i * CacheFlush.SIZEOF, CacheFlush.SIZEOF) ? checkFlush(c) : -XenErrno.EFAULT;
            if (rc < 0) {
                c.progress(0);
                return rc;
            }
        }
        c.progress(0);
        return 0;
    }

    private static long checkFlush(CallContext c) {
        MemorySegment s = c.scratch();
        int op = CacheFlush.op(s, 0);
        int offset = CacheFlush.offset(s, 0);
        int byteLength = CacheFlush.length(s, 0);
        if (offset >= MachineMemory.PAGE_SIZE || offset + byteLength > MachineMemory.PAGE_SIZE
                || (op & ~(XenGrantTable.GNTTAB_CACHE_CLEAN | XenGrantTable.GNTTAB_CACHE_INVAL)) != 0) {
            return -XenErrno.EINVAL;
        }
        if (byteLength == 0 || op == 0) {
            return 0;
        }
        long mfn = CacheFlush.devBusAddr(s, 0) >>> MachineMemory.PAGE_SHIFT;
        if (!c.domain().memory().contains(mfn)) {
            return -XenErrno.EINVAL;
        }
        return c.domain().owns(mfn) ? -XenErrno.EOPNOTSUPP : -XenErrno.EPERM;
    }
}
