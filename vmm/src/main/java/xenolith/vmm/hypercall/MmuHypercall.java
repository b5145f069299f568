package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMmu;
import xenolith.abi.XenMmu.MmuUpdate;
import xenolith.abi.XenMmu.MmuextOp;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.CommitQueue;

/// `mmu_update`, `update_va_mapping` and `mmuext_op` (`xen.h`).
///
/// A flush that the guest asks for, in whatever form, commits everything queued and so flushes; see [CommitQueue#flush].
final class MmuHypercall {
    /// Bit 31 of a count is a hypervisor's own, `MMU_UPDATE_PREEMPTED`.
    private static final long COUNT_MASK = 0x7fff_ffffL;
    private static final int COMMAND_MASK = 3;
    private static final long FLUSH_MASK = 3;
    /// An extended operation may validate whole trees.
    private static final int EXTENDED_COST = 16;

    private final Domain domain;
    private final PageTables tables;
    private final CommitQueue commits;

    MmuHypercall(Domain domain) {
        this.domain = domain;
        this.tables = domain.pageTables();
        this.commits = domain.commits();
    }

    /// Hot: Linux sends one element a call, tens of thousands of them at boot.
    long mmuUpdate(CallContext c, long reqs, long count, long pdone, long foreigndom) {
        if ((foreigndom & 0xffff) != DomId.DOMID_SELF) {
            return -XenErrno.EPERM;
        }
        long n = count & COUNT_MASK;
        MemorySegment s = c.scratch();
        long rc = 0;
        long i = c.progress();
        for (; i < n; i++) {
            if (commits.isFull() || c.isPieceOver(1)) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (!c.copyIn(reqs + i * MmuUpdate.SIZEOF, MmuUpdate.SIZEOF)) {
                rc = -XenErrno.EFAULT;
                break;
            }
            rc = update(MmuUpdate.ptr(s, 0), MmuUpdate.val(s, 0));
            if (rc == PageTables.RETRY) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (rc < 0) {
                break;
            }
        }
        return finish(c, pdone, i, rc);
    }

    private long update(long ptr, long val) {
        switch ((int) ptr & COMMAND_MASK) {
            case XenMmu.MMU_NORMAL_PT_UPDATE:
                return tables.updateEntry(ptr, val, false);
            case XenMmu.MMU_PT_UPDATE_PRESERVE_AD:
                return tables.updateEntry(ptr & ~(long) COMMAND_MASK, val, true);
            case XenMmu.MMU_MACHPHYS_UPDATE:
                return machphysUpdate(ptr >>> MachineMemory.PAGE_SHIFT, val);
            default:
                return -XenErrno.ENOSYS;
        }
    }

    private long machphysUpdate(long mfn, long pfn) {
        if (!domain.owns(mfn)) {
            return -XenErrno.EINVAL;
        }
        domain.m2p().set(mfn, pfn);
        return 0;
    }

    long updateVaMapping(CallContext c, long va, long value, long flags) {
        long rc = tables.updateVaMapping(c.rootMfn(), va, value);
        if (rc == PageTables.RETRY) {
            return CallContext.AGAIN;
        }
        if ((flags & FLUSH_MASK) != 0) {
            commits.flush();
        }
        return rc;
    }

    long mmuextOp(CallContext c, long ops, long count, long pdone, long foreigndom) {
        if ((foreigndom & 0xffff) != DomId.DOMID_SELF) {
            return -XenErrno.EPERM;
        }
        long n = count & COUNT_MASK;
        MemorySegment s = c.scratch();
        long rc = 0;
        long i = c.progress();
        for (; i < n; i++) {
            if (commits.isFull() || c.isPieceOver(EXTENDED_COST)) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (!c.copyIn(ops + i * MmuextOp.SIZEOF, MmuextOp.SIZEOF)) {
                rc = -XenErrno.EFAULT;
                break;
            }
            rc = extended(c, MmuextOp.cmd(s, 0), MmuextOp.mfn(s, 0), MmuextOp.nrEnts(s, 0), MmuextOp.srcMfn(s, 0));
            if (rc == PageTables.RETRY) {
                c.progress(i);
                return CallContext.AGAIN;
            }
            if (rc < 0) {
                break;
            }
        }
        return finish(c, pdone, i, rc);
    }

    private long extended(CallContext c, int cmd, long arg1, int entries, long srcMfn) {
        switch (cmd) {
            case XenMmu.MMUEXT_PIN_L1_TABLE, XenMmu.MMUEXT_PIN_L2_TABLE, XenMmu.MMUEXT_PIN_L3_TABLE,
                    XenMmu.MMUEXT_PIN_L4_TABLE:
                return tables.pin(arg1, cmd + 1);
            case XenMmu.MMUEXT_UNPIN_TABLE:
                return tables.unpin(arg1);
            case XenMmu.MMUEXT_NEW_BASEPTR:
                return domain.roots().loadKernel(c.vcpu(), arg1);
            case XenMmu.MMUEXT_NEW_USER_BASEPTR:
                return domain.roots().loadUser(c.vcpu(), arg1);
            case XenMmu.MMUEXT_TLB_FLUSH_LOCAL, XenMmu.MMUEXT_INVLPG_LOCAL, XenMmu.MMUEXT_TLB_FLUSH_MULTI,
                    XenMmu.MMUEXT_INVLPG_MULTI, XenMmu.MMUEXT_TLB_FLUSH_ALL, XenMmu.MMUEXT_INVLPG_ALL:
                commits.flush();
                return 0;
            case XenMmu.MMUEXT_SET_LDT:
                return domain.ldts().set(c.vcpu().id(), c.rootMfn(), arg1, entries & 0xffff_ffffL);
            case XenMmu.MMUEXT_CLEAR_PAGE:
                return clearPage(arg1);
            case XenMmu.MMUEXT_COPY_PAGE:
                return copyPage(arg1, srcMfn);
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
            return rc;
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
            return rc;
        }
        domain.memory().frame(mfn).copyFrom(domain.memory().frame(srcMfn));
        tables.putWritable(mfn);
        return 0;
    }

    /// Tells the guest how many elements were done, if it wants to know.
    private static long finish(CallContext c, long pdone, long done, long rc) {
        c.progress(0);
        if (pdone != 0) {
            c.scratch().set(ValueLayout.JAVA_INT, 0, (int) done);
            if (!c.copyOut(pdone, Integer.BYTES)) {
                return -XenErrno.EFAULT;
            }
        }
        return rc;
    }
}
