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
/// [ReservationHypercall] and [ExchangeHypercall].
///
/// Calls that only make sense for translated guests or for the control domain get the errno that Xen gives an
/// unprivileged paravirtual domain.
final class MemoryHypercall {
    /// The command's upper bits say at which extent to begin: Xen's own way of going on with a long call.
    private static final int START_SHIFT = 6;
    private static final long COMMAND_MASK = (1 << START_SHIFT) - 1;
    private static final int E820_RAM = 1;
    private static final int E820_ENTRY_BYTES = 20;
    private static final long LARGE_PAGE = 2 << 20;
    /// Enough of `xen_memory_reservation` and the like, all of which are smaller.
    private static final long VNUMA_BYTES = 48;
    private static final long VNUMA_PAD_OFFSET = 2;

    private final Domain domain;
    private final ReservationHypercall reservations;
    private final ExchangeHypercall exchanges;

    MemoryHypercall(Domain domain) {
        this.domain = domain;
        this.reservations = new ReservationHypercall(domain);
        this.exchanges = new ExchangeHypercall(domain);
    }

    long memoryOp(CallContext c, long cmd, long arg) {
        int op = (int) (cmd & COMMAND_MASK);
        long start = cmd >>> START_SHIFT;
        return switch (op) {
            case XenMemory.XENMEM_INCREASE_RESERVATION, XenMemory.XENMEM_DECREASE_RESERVATION,
                    XenMemory.XENMEM_POPULATE_PHYSMAP -> reservations.change(c, op, start, arg);
            case XenMemory.XENMEM_EXCHANGE -> start == 0 ? exchanges.exchange(c, arg) : -XenErrno.EINVAL;
            case XenMemory.XENMEM_MEMORY_MAP -> memoryMap(c, arg);
            case XenMemory.XENMEM_MACHPHYS_MAPPING -> machphysMapping(c, arg);
            case XenMemory.XENMEM_MACHPHYS_MFN_LIST -> machphysMfnList(c, arg);
            case XenMemory.XENMEM_MACHINE_MEMORY_MAP, XenMemory.XENMEM_SET_MEMORY_MAP,
                    XenMemory.XENMEM_SET_POD_TARGET, XenMemory.XENMEM_GET_POD_TARGET -> -XenErrno.EPERM;
            case XenMemory.XENMEM_MACHPHYS_COMPAT_MFN_LIST, XenMemory.XENMEM_RESERVED_DEVICE_MEMORY_MAP ->
                -XenErrno.ENOSYS;
            default -> withoutExtents(c, op, start, arg);
        };
    }

    private long withoutExtents(CallContext c, int op, long start, long arg) {
        boolean known = op <= XenMemory.XENMEM_MAXIMUM_GPFN || op == XenMemory.XENMEM_REMOVE_FROM_PHYSMAP
                || op >= XenMemory.XENMEM_ADD_TO_PHYSMAP_BATCH && op <= XenMemory.XENMEM_ACQUIRE_RESOURCE;
        return known && start != 0 ? -XenErrno.EINVAL : single(c, op, arg);
    }

    private long single(CallContext c, int op, long arg) {
        return switch (op) {
            case XenMemory.XENMEM_MAXIMUM_RAM_PAGE -> domain.memory().endMfn() - 1;
            case XenMemory.XENMEM_CURRENT_RESERVATION, XenMemory.XENMEM_MAXIMUM_RESERVATION,
                    XenMemory.XENMEM_MAXIMUM_GPFN -> query(c, op, arg);
            case XenMemory.XENMEM_ADD_TO_PHYSMAP -> addToPhysmap(c, arg);
            case XenMemory.XENMEM_ADD_TO_PHYSMAP_BATCH, XenMemory.XENMEM_REMOVE_FROM_PHYSMAP ->
                translatedOnly(c, arg);
            case XenMemory.XENMEM_CLAIM_PAGES -> claimPages(c, arg);
            case XenMemory.XENMEM_GET_VNUMAINFO -> vnumaInfo(c, arg);
            case XenMemory.XENMEM_ACQUIRE_RESOURCE -> -XenErrno.EPERM;
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

    /// One range of RAM, pseudo-physical addresses from 0, as large as the domain may become.
    private long memoryMap(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenMemory.MemoryMap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long buffer = XenMemory.MemoryMap.buffer(s, 0);
        int entries = XenMemory.MemoryMap.nrEntries(s, 0) == 0 ? 0 : 1;
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 0);
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, domain.reservation().maxFrames() << MachineMemory.PAGE_SHIFT);
        s.set(ValueLayout.JAVA_INT_UNALIGNED, 16, E820_RAM);
        if (!c.copyOut(buffer, (long) entries * E820_ENTRY_BYTES)) {
            return -XenErrno.EFAULT;
        }
        XenMemory.MemoryMap.nrEntries(s, 0, entries);
        XenMemory.MemoryMap.buffer(s, 0, buffer);
        return c.copyOut(arg, XenMemory.MemoryMap.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    // ---- refused to an unprivileged paravirtual domain

    private long addToPhysmap(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenMemory.AddToPhysmap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        if (XenMemory.AddToPhysmap.space(s, 0) == XenMemory.XENMAPSPACE_GMFN_FOREIGN) {
            return -XenErrno.ENOSYS;
        }
        long rc = DomainNames.checkSelf(domain, XenMemory.AddToPhysmap.domid(s, 0));
        return rc < 0 ? rc : -XenErrno.EACCES;
    }

    /// Structures that begin with a domid.
    private long translatedOnly(CallContext c, long arg) {
        if (!c.copyIn(arg, XenMemory.RemoveFromPhysmap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = DomainNames.checkSelf(domain, XenMemory.RemoveFromPhysmap.domid(c.scratch(), 0));
        return rc < 0 ? rc : -XenErrno.EACCES;
    }

    private static long claimPages(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenMemory.MemoryReservation.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        boolean plain = XenMemory.MemoryReservation.extentStart(s, 0) == 0
                && XenMemory.MemoryReservation.extentOrder(s, 0) == 0
                && XenMemory.MemoryReservation.memFlags(s, 0) == 0;
        return plain ? -XenErrno.EPERM : -XenErrno.EINVAL;
    }

    private long vnumaInfo(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, VNUMA_BYTES)) {
            return -XenErrno.EFAULT;
        }
        if (s.get(ValueLayout.JAVA_SHORT, VNUMA_PAD_OFFSET) != 0) {
            return -XenErrno.EINVAL;
        }
        long rc = DomainNames.checkSelf(domain, XenMemory.MemoryDomain.domid(s, 0));
        return rc < 0 ? rc : -XenErrno.EOPNOTSUPP;
    }
}
