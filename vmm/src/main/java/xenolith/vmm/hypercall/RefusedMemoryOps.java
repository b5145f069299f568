package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory;
import xenolith.vmm.domain.Domain;

/// The parts of `memory_op` that only make sense for translated guests or for the control domain. Each gets the errno
/// that Xen gives an unprivileged paravirtual domain, in Xen's order: the structure is read, its fields are looked at,
/// then whether there is such a domain, then whether the caller may.
final class RefusedMemoryOps {
    /// `xen_add_to_physmap_batch`, which begins with domid and space.
    private static final long BATCH_BYTES = 32;
    private static final long BATCH_SPACE_OFFSET = 2;
    /// `xen_pod_target`, with the domid behind four counts.
    private static final long POD_BYTES = 40;
    private static final long POD_DOMID_OFFSET = 32;
    /// `xen_mem_access_op`, with the domid behind two bytes.
    private static final long ACCESS_BYTES = 32;
    private static final long ACCESS_DOMID_OFFSET = 2;
    /// `xen_mem_acquire_resource`: domid, type, id, nr_frames, pad, frame, frame_list.
    private static final long RESOURCE_BYTES = 32;
    private static final long RESOURCE_COUNT_OFFSET = 8;
    private static final long RESOURCE_PAD_OFFSET = 12;
    private static final long RESOURCE_FRAME_OFFSET = 16;
    /// `xen_vnuma_topology_info`.
    private static final long VNUMA_BYTES = 48;
    private static final long VNUMA_PAD_OFFSET = 2;
    private static final long COUNT_MASK = 0xffff_ffffL;

    private final Domain domain;

    RefusedMemoryOps(Domain domain) {
        this.domain = domain;
    }

    long addToPhysmap(CallContext c, long arg) {
        if (!c.copyIn(arg, XenMemory.AddToPhysmap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        if (XenMemory.AddToPhysmap.space(c.scratch(), 0) == XenMemory.XENMAPSPACE_GMFN_FOREIGN) {
            return -XenErrno.ENOSYS;
        }
        return notTranslated(XenMemory.AddToPhysmap.domid(c.scratch(), 0));
    }

    long addToPhysmapBatch(CallContext c, long arg) {
        if (!c.copyIn(arg, BATCH_BYTES)) {
            return -XenErrno.EFAULT;
        }
        if (u16(c, BATCH_SPACE_OFFSET) == XenMemory.XENMAPSPACE_GMFN_RANGE) {
            return -XenErrno.EOPNOTSUPP;
        }
        return notTranslated(u16(c, 0));
    }

    long removeFromPhysmap(CallContext c, long arg) {
        return c.copyIn(arg, XenMemory.RemoveFromPhysmap.SIZEOF)
                ? notTranslated(XenMemory.RemoveFromPhysmap.domid(c.scratch(), 0)) : -XenErrno.EFAULT;
    }

    private long notTranslated(int domid) {
        return DomainNames.exists(domain, domid) ? -XenErrno.EACCES : -XenErrno.ESRCH;
    }

    /// Memory on demand is for HVM domains.
    long podTarget(CallContext c, long arg) {
        if (!c.copyIn(arg, POD_BYTES)) {
            return -XenErrno.EFAULT;
        }
        return DomainNames.exists(domain, u16(c, POD_DOMID_OFFSET)) ? -XenErrno.EINVAL : -XenErrno.ESRCH;
    }

    /// Nobody watches oneself.
    long accessOp(CallContext c, long arg) {
        return c.copyIn(arg, ACCESS_BYTES) ? DomainNames.checkControl(domain, u16(c, ACCESS_DOMID_OFFSET))
                : -XenErrno.EFAULT;
    }

    long acquireResource(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, RESOURCE_BYTES)) {
            return -XenErrno.EFAULT;
        }
        long count = s.get(ValueLayout.JAVA_INT, RESOURCE_COUNT_OFFSET) & COUNT_MASK;
        long frame = s.get(ValueLayout.JAVA_LONG, RESOURCE_FRAME_OFFSET);
        if (s.get(ValueLayout.JAVA_INT, RESOURCE_PAD_OFFSET) != 0 || frame >>> Integer.SIZE != 0
                || frame + count >>> Integer.SIZE != 0) {
            return -XenErrno.EINVAL;
        }
        return DomainNames.checkControl(domain, u16(c, 0));
    }

    long claimPages(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenMemory.MemoryReservation.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        boolean plain = XenMemory.MemoryReservation.extentStart(s, 0) == 0
                && XenMemory.MemoryReservation.extentOrder(s, 0) == 0
                && XenMemory.MemoryReservation.memFlags(s, 0) == 0;
        long rc = DomainNames.checkControl(domain, XenMemory.MemoryReservation.domid(s, 0));
        return plain && rc == -XenErrno.EPERM ? rc : -XenErrno.EINVAL;
    }

    /// No domain has virtual NUMA.
    long vnumaInfo(CallContext c, long arg) {
        if (!c.copyIn(arg, VNUMA_BYTES)) {
            return -XenErrno.EFAULT;
        }
        if (u16(c, VNUMA_PAD_OFFSET) != 0) {
            return -XenErrno.EINVAL;
        }
        long rc = DomainNames.checkSelf(domain, XenMemory.MemoryDomain.domid(c.scratch(), 0));
        return rc < 0 ? rc : -XenErrno.EOPNOTSUPP;
    }

    private static int u16(CallContext c, long offset) {
        return c.scratch().get(ValueLayout.JAVA_SHORT, offset) & 0xffff;
    }
}
