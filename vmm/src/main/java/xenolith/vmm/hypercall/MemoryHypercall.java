package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.MonitorAbi;

/// `memory_op` (`xen/memory.h`): what a domain may ask about its memory.
final class MemoryHypercall {
    private static final int E820_RAM = 1;
    private static final int E820_ENTRY_BYTES = 20;

    private final Domain domain;

    MemoryHypercall(Domain domain) {
        this.domain = domain;
    }

    long memoryOp(CallContext c, long cmd, long arg) {
        return switch ((int) cmd) {
            case XenMemory.XENMEM_MAXIMUM_RAM_PAGE -> domain.memory().endMfn() - 1;
            case XenMemory.XENMEM_CURRENT_RESERVATION, XenMemory.XENMEM_MAXIMUM_RESERVATION -> reservation(c, arg);
            case XenMemory.XENMEM_MACHPHYS_MAPPING -> machphysMapping(c, arg);
            case XenMemory.XENMEM_MEMORY_MAP -> memoryMap(c, arg);
            case XenMemory.XENMEM_MACHINE_MEMORY_MAP, XenMemory.XENMEM_MACHPHYS_MFN_LIST -> -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    private long reservation(CallContext c, long arg) {
        if (!c.copyIn(arg, XenMemory.MemoryDomain.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int dom = XenMemory.MemoryDomain.domid(c.scratch(), 0);
        return dom == DomId.DOMID_SELF || dom == domain.domid() ? domain.frameCount() : -XenErrno.EPERM;
    }

    /// The array's place differs from Xen's traditional one: see `docs/hosts.md`.
    private long machphysMapping(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        XenMemory.MachphysMapping.vStart(s, 0, MonitorAbi.M2P_VA);
        XenMemory.MachphysMapping.vEnd(s, 0, MonitorAbi.M2P_VA + domain.memory().endMfn() * Long.BYTES);
        XenMemory.MachphysMapping.maxMfn(s, 0, domain.memory().endMfn() - 1);
        return c.copyOut(arg, XenMemory.MachphysMapping.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// One range of RAM, pseudo-physical addresses from 0.
    private long memoryMap(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenMemory.MemoryMap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long buffer = XenMemory.MemoryMap.buffer(s, 0);
        if (XenMemory.MemoryMap.nrEntries(s, 0) == 0) {
            return -XenErrno.EINVAL;
        }
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 0);
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, domain.frameCount() << MachineMemory.PAGE_SHIFT);
        s.set(ValueLayout.JAVA_INT_UNALIGNED, 16, E820_RAM);
        if (!c.copyOut(buffer, E820_ENTRY_BYTES)) {
            return -XenErrno.EFAULT;
        }
        XenMemory.MemoryMap.nrEntries(s, 0, 1);
        XenMemory.MemoryMap.buffer(s, 0, buffer);
        return c.copyOut(arg, XenMemory.MemoryMap.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }
}
