package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory;
import xenolith.abi.XenSharedInfo;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.monitor.MonitorAbi;

/// `memory_op` (`xen/memory.h`): the switch, and what a domain may ask about its memory. What changes it is in
/// [ReservationHypercall] and [ExchangeHypercall], what it says of itself in [MemoryMapHypercall], and what is for others
/// in [RefusedMemoryOps].
final class MemoryHypercall {
    /// The command's upper bits say at which extent to begin: Xen's own way of going on with a long call.
    private static final int START_SHIFT = 6;
    private static final long COMMAND_MASK = (1 << START_SHIFT) - 1;
    /// What Xen has room for in 16 bits.
    private static final long LAST_START = 0xffff;
    private static final long LARGE_PAGE = 2 << 20;
    /// `xen_reserved_device_memory_map`.
    private static final long RDM_BYTES = 24;
    private static final long RDM_FLAGS_OFFSET = 0;
    private static final long RDM_COUNT_OFFSET = 4;
    private static final int XENMEM_RDM_ALL = 1;

    private final Domain domain;
    private final ReservationHypercall reservations;
    private final ExchangeHypercall exchanges;
    private final MemoryMapHypercall maps;
    private final RefusedMemoryOps refused;

    MemoryHypercall(Domain domain) {
        this.domain = domain;
        this.reservations = new ReservationHypercall(domain);
        this.exchanges = new ExchangeHypercall(domain);
        this.maps = new MemoryMapHypercall(domain);
        this.refused = new RefusedMemoryOps(domain);
    }

    long memoryOp(CallContext c, long cmd, long arg) {
        int op = (int) (cmd & COMMAND_MASK);
        long start = cmd >>> START_SHIFT;
        return switch (op) {
            case XenMemory.XENMEM_INCREASE_RESERVATION, XenMemory.XENMEM_DECREASE_RESERVATION,
                    XenMemory.XENMEM_POPULATE_PHYSMAP -> reservations.change(c, op, start, arg);
            case XenMemory.XENMEM_ADD_TO_PHYSMAP -> start > LAST_START ? -XenErrno.EDOM : refused.addToPhysmap(c, arg);
            case XenMemory.XENMEM_ADD_TO_PHYSMAP_BATCH ->
                start > LAST_START ? -XenErrno.EDOM : refused.addToPhysmapBatch(c, arg);
            case XenMemory.XENMEM_ACCESS_OP -> refused.accessOp(c, arg);
            case XenMemory.XENMEM_ACQUIRE_RESOURCE -> refused.acquireResource(c, arg);
            case XenMemory.XENMEM_EXCHANGE, XenMemory.XENMEM_MAXIMUM_RAM_PAGE, XenMemory.XENMEM_CURRENT_RESERVATION,
                    XenMemory.XENMEM_MAXIMUM_RESERVATION, XenMemory.XENMEM_MAXIMUM_GPFN,
                    XenMemory.XENMEM_REMOVE_FROM_PHYSMAP, XenMemory.XENMEM_CLAIM_PAGES,
                    XenMemory.XENMEM_GET_VNUMAINFO, XenMemory.XENMEM_RESERVED_DEVICE_MEMORY_MAP ->
                start == 0 ? withoutExtents(c, op, arg) : -XenErrno.EINVAL;
            default -> start == 0 ? ofX86(c, op, arg) : -XenErrno.ENOSYS;
        };
    }

    private long withoutExtents(CallContext c, int op, long arg) {
        return switch (op) {
            case XenMemory.XENMEM_EXCHANGE -> exchanges.exchange(c, arg);
            case XenMemory.XENMEM_MAXIMUM_RAM_PAGE -> domain.memory().endMfn() - 1;
            case XenMemory.XENMEM_REMOVE_FROM_PHYSMAP -> refused.removeFromPhysmap(c, arg);
            case XenMemory.XENMEM_CLAIM_PAGES -> refused.claimPages(c, arg);
            case XenMemory.XENMEM_GET_VNUMAINFO -> refused.vnumaInfo(c, arg);
            case XenMemory.XENMEM_RESERVED_DEVICE_MEMORY_MAP -> reservedDeviceMemory(c, arg);
            default -> query(c, op, arg);
        };
    }

    private long ofX86(CallContext c, int op, long arg) {
        return switch (op) {
            case XenMemory.XENMEM_MEMORY_MAP -> maps.memoryMap(c, arg);
            case XenMemory.XENMEM_SET_MEMORY_MAP -> maps.setMemoryMap(c, arg);
            case XenMemory.XENMEM_MACHINE_MEMORY_MAP -> -XenErrno.EPERM;
            case XenMemory.XENMEM_MACHPHYS_MAPPING -> machphysMapping(c, arg);
            case XenMemory.XENMEM_MACHPHYS_MFN_LIST -> machphysMfnList(c, arg);
            // The array of 32-bit guests, which do not run here.
            case XenMemory.XENMEM_MACHPHYS_COMPAT_MFN_LIST -> -XenErrno.EOPNOTSUPP;
            case XenMemory.XENMEM_SET_POD_TARGET, XenMemory.XENMEM_GET_POD_TARGET -> refused.podTarget(c, arg);
            // No page is shared between domains.
            case XenMemory.XENMEM_GET_SHARING_FREED_PAGES, XenMemory.XENMEM_GET_SHARING_SHARED_PAGES -> 0;
            default -> -XenErrno.ENOSYS;
        };
    }

    private long query(CallContext c, int op, long arg) {
        if (!c.copyIn(arg, XenMemory.MemoryDomain.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = DomainNames.checkSelf(domain, XenMemory.MemoryDomain.domid(c.scratch(), 0));
        if (rc < 0) {
            return rc;
        }
        return switch (op) {
            case XenMemory.XENMEM_CURRENT_RESERVATION -> domain.reservation().frameCount();
            case XenMemory.XENMEM_MAXIMUM_RESERVATION -> domain.reservation().maxFrames();
            default -> maximumPfn();
        };
    }

    /// What the guest itself wrote to the shared info; it is told nothing that it does not say.
    private long maximumPfn() {
        long maxPfn = XenSharedInfo.ArchSharedInfo.maxPfn(domain.memory().segment(),
                XenSharedInfo.arch(MachineMemory.offset(domain.sharedInfoMa())));
        return Math.max(maxPfn, 1) - 1;
    }

    /// The array's place differs from Xen's traditional one: see `docs/hosts.md`.
    private long machphysMapping(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        XenMemory.MachphysMapping.vStart(s, 0, MonitorAbi.M2P_VA);
        XenMemory.MachphysMapping.vEnd(s, 0, MonitorAbi.M2P_VA + domain.memory().endMfn() * Long.BYTES);
        XenMemory.MachphysMapping.maxMfn(s, 0, domain.memory().endMfn() - 1);
        return c.copyOut(arg, XenMemory.MachphysMapping.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// The first frame of each 2 MiB of the array; 0 where it has a hole, before the machine's first frame. They are
    /// the hypervisor's, so a guest can do nothing with them.
    private long machphysMfnList(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenMemory.MachphysMfnList.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long max = XenMemory.MachphysMfnList.maxExtents(s, 0) & 0xffff_ffffL;
        long list = XenMemory.MachphysMfnList.extentStart(s, 0);
        MemorySegment m2p = domain.m2p().segment();
        long firstMfn = MachineMemory.BASE_MFN
                + (m2p.address() - domain.memory().segment().address() >>> MachineMemory.PAGE_SHIFT);
        long end = MachineToPhys.GUEST_BYTE_OFFSET + m2p.byteSize();
        int count = 0;
        for (long at = 0; at < end && count < max; at += LARGE_PAGE) {
            long mfn = at < MachineToPhys.GUEST_BYTE_OFFSET ? 0
                    : firstMfn + (at - MachineToPhys.GUEST_BYTE_OFFSET >>> MachineMemory.PAGE_SHIFT);
            s.set(ValueLayout.JAVA_LONG, 0, mfn);
            if (!c.copyOut(list + (long) count * Long.BYTES, Long.BYTES)) {
                return -XenErrno.EFAULT;
            }
            count++;
        }
        XenMemory.MachphysMfnList.maxExtents(s, 0, (int) max);
        XenMemory.MachphysMfnList.extentStart(s, 0, list);
        XenMemory.MachphysMfnList.nrExtents(s, 0, count);
        return c.copyOut(arg, XenMemory.MachphysMfnList.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// No device has memory of the machine's for itself.
    private static long reservedDeviceMemory(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, RDM_BYTES)) {
            return -XenErrno.EFAULT;
        }
        if ((s.get(ValueLayout.JAVA_INT, RDM_FLAGS_OFFSET) & ~XENMEM_RDM_ALL) != 0) {
            return -XenErrno.EINVAL;
        }
        s.set(ValueLayout.JAVA_INT, RDM_COUNT_OFFSET, 0);
        return c.copyOut(arg, RDM_BYTES) ? 0 : -XenErrno.EFAULT;
    }
}
