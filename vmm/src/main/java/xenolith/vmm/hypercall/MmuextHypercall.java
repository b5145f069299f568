package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMmu;
import xenolith.abi.XenMmu.MmuextOp;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.CommitQueue;

/// `mmuext_op` (`xen.h`): pins, roots, flushes, LDTs, and pages cleared or copied.
final class MmuextHypercall {
    /// What an operation costs, in elements of `mmu_update`.
    private static final int COST = 16;

    private final Domain domain;
    private final PageTables tables;
    private final CommitQueue commits;

    MmuextHypercall(Domain domain) {
        this.domain = domain;
        this.tables = domain.pageTables();
        this.commits = domain.commits();
    }

    long mmuextOp(CallContext c, long ops, long count, long pdone, long foreigndom) {
        long own = ForeignDomain.check(foreigndom);
        if (own < 0) {
            return own;
        }
        long n = count & MmuHypercall.COUNT_MASK;
        MemorySegment s = c.scratch();
        long rc = 0;
        long i = c.progress();
        for (; i < n; i++) {
            if (commits.isFull() || c.isPieceOver(COST)) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (!c.copyIn(ops + i * MmuextOp.SIZEOF, MmuextOp.SIZEOF)) {
                rc = -XenErrno.EFAULT;
                break;
            }
            rc = operation(c, MmuextOp.cmd(s, 0), MmuextOp.mfn(s, 0), MmuextOp.srcMfn(s, 0));
            if (rc == PageTables.RETRY) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (rc < 0) {
                break;
            }
        }
        return MmuHypercall.finish(c, pdone, i, rc);
    }

    private long operation(CallContext c, int cmd, long arg1, long arg2) {
        switch (cmd) {
            case XenMmu.MMUEXT_PIN_L1_TABLE, XenMmu.MMUEXT_PIN_L2_TABLE, XenMmu.MMUEXT_PIN_L3_TABLE,
                    XenMmu.MMUEXT_PIN_L4_TABLE:
                return ofFrame(tables.pin(arg1, cmd + 1));
            case XenMmu.MMUEXT_UNPIN_TABLE:
                return ofFrame(tables.unpin(arg1));
            case XenMmu.MMUEXT_NEW_BASEPTR:
                return ofFrame(domain.roots().loadKernel(c.vcpu(), arg1));
            case XenMmu.MMUEXT_NEW_USER_BASEPTR:
                return ofFrame(domain.roots().loadUser(c.vcpu(), arg1));
            case XenMmu.MMUEXT_TLB_FLUSH_LOCAL, XenMmu.MMUEXT_INVLPG_LOCAL, XenMmu.MMUEXT_TLB_FLUSH_ALL,
                    XenMmu.MMUEXT_INVLPG_ALL:
                commits.flush();
                return 0;
            case XenMmu.MMUEXT_TLB_FLUSH_MULTI, XenMmu.MMUEXT_INVLPG_MULTI:
                commits.flush();
                return MmuHypercall.readVcpuMask(c, arg2);
            case XenMmu.MMUEXT_SET_LDT:
                return domain.ldts().set(c.vcpu().id(), c.rootMfn(), arg1, arg2 & 0xffff_ffffL);
            case XenMmu.MMUEXT_CLEAR_PAGE:
                return clearPage(arg1);
            case XenMmu.MMUEXT_COPY_PAGE:
                return copyPage(arg1, arg2);
            case XenMmu.MMUEXT_FLUSH_CACHE, XenMmu.MMUEXT_FLUSH_CACHE_GLOBAL:
                return -XenErrno.EACCES;
            case XenMmu.MMUEXT_MARK_SUPER, XenMmu.MMUEXT_UNMARK_SUPER:
                return -XenErrno.EOPNOTSUPP;
            default:
                return -XenErrno.ENOSYS;
        }
    }

    private long clearPage(long mfn) {
        long rc = tables.getWritable(mfn);
        if (rc < 0) {
            return badPage(rc);
        }
        domain.memory().clearFrame(mfn);
        tables.putWritable(mfn);
        return 0;
    }

    private long copyPage(long mfn, long srcMfn) {
        if (!domain.owns(srcMfn)) {
            return -XenErrno.EINVAL;
        }
        long rc = tables.getWritable(mfn);
        if (rc < 0) {
            return badPage(rc);
        }
        domain.memory().frame(mfn).copyFrom(domain.memory().frame(srcMfn));
        tables.putWritable(mfn);
        return 0;
    }

    /// A page that the guest may not write is a bad argument, for whatever reason.
    private static long badPage(long rc) {
        return rc == PageTables.RETRY ? rc : -XenErrno.EINVAL;
    }

    /// A frame that is not the domain's is a bad argument here; entries that name such frames are -EPERM.
    private static long ofFrame(long rc) {
        return rc == -XenErrno.EPERM ? -XenErrno.EINVAL : rc;
    }
}
