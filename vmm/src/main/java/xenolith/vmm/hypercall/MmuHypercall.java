package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMmu;
import xenolith.abi.XenMmu.MmuUpdate;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.CommitQueue;

/// `mmu_update`, `update_va_mapping` and its twin for other domains (`xen.h`).
///
/// A flush that the guest asks for, in whatever form, commits everything queued and so flushes; see [CommitQueue#flush].
/// A bit map of vcpus is read, as Xen does, and otherwise makes no difference.
final class MmuHypercall {
    /// Bit 31 of a count is a hypervisor's own, `MMU_UPDATE_PREEMPTED`.
    static final long COUNT_MASK = 0x7fff_ffffL;
    /// The header speaks of two bits; Xen takes all three that an aligned address leaves free.
    private static final int COMMAND_MASK = 7;

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
        long own = ForeignDomain.checkBoth(domain, foreigndom);
        if (own < 0) {
            return own;
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
            case XenMmu.MMU_NORMAL_PT_UPDATE, XenMmu.MMU_PT_UPDATE_NO_TRANSLATE:
                // A PV guest's frame numbers are never translated.
                return tables.updateEntry(ptr & ~(long) COMMAND_MASK, val, false);
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
        long flushed = flush(c, flags);
        return rc < 0 ? rc : flushed;
    }

    /// `update_va_mapping_otherdomain`: an unprivileged domain is the only one whose frames it may map.
    long updateVaMappingOtherdomain(CallContext c, long va, long value, long flags, long domid) {
        long own = ForeignDomain.check(domid);
        return own < 0 ? own : updateVaMapping(c, va, value, flags);
    }

    private long flush(CallContext c, long flags) {
        long type = flags & XenMmu.UVMF_FLUSHTYPE_MASK;
        if (type != XenMmu.UVMF_TLB_FLUSH && type != XenMmu.UVMF_INVLPG) {
            return 0;
        }
        commits.flush();
        long whose = flags & ~XenMmu.UVMF_FLUSHTYPE_MASK;
        return whose == XenMmu.UVMF_LOCAL || whose == XenMmu.UVMF_ALL ? 0 : readVcpuMask(c, whose);
    }

    /// Reads a bit map of the domain's vcpus, in whole words as Xen does: 0, or -EFAULT if it is not all there.
    static long readVcpuMask(CallContext c, long va) {
        long words = (c.domain().vcpuCount() + Long.SIZE - 1) / Long.SIZE;
        return c.copyIn(va, words * Long.BYTES) ? 0 : -XenErrno.EFAULT;
    }

    /// Tells the guest how many elements were done, if it wants to know.
    static long finish(CallContext c, long pdone, long done, long rc) {
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
