package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory.ForeignMemoryMap;
import xenolith.abi.XenMemory.MemoryMap;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;

/// `XENMEM_memory_map` and `XENMEM_set_memory_map`: what a domain is told of its pseudo-physical memory. It may say
/// something else itself, for a kernel that it starts later; the hypervisor looks at it no further.
final class MemoryMapHypercall {
    private static final int E820_RAM = 1;
    private static final int E820_ENTRY_BYTES = 20;
    /// Xen's own bound.
    private static final int MAX_ENTRIES = 1024;

    private final Domain domain;
    /// Entries as the guest gave them.
    private MemorySegment map;

    /// At first there is one range of RAM from 0, as large as the domain may become.
    MemoryMapHypercall(Domain domain) {
        this.domain = domain;
        this.map = MemorySegment.ofArray(new byte[E820_ENTRY_BYTES]);
        map.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, domain.reservation().maxFrames() << MachineMemory.PAGE_SHIFT);
        map.set(ValueLayout.JAVA_INT_UNALIGNED, 16, E820_RAM);
    }

    /// As many entries as the guest has room for, and how many those are.
    long memoryMap(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, MemoryMap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long room = MemoryMap.nrEntries(s, 0) & 0xffff_ffffL;
        long entries = Math.min(room, map.byteSize() / E820_ENTRY_BYTES);
        if (!domain.guestMemory().copyOut(c.rootMfn(), MemoryMap.buffer(s, 0), map, 0, entries * E820_ENTRY_BYTES)) {
            return -XenErrno.EFAULT;
        }
        MemoryMap.nrEntries(s, 0, (int) entries);
        return c.copyOut(arg, MemoryMap.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    long setMemoryMap(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, ForeignMemoryMap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int entries = MemoryMap.nrEntries(s, ForeignMemoryMap.map(0));
        if (Integer.compareUnsigned(entries, MAX_ENTRIES) > 0) {
            return -XenErrno.EINVAL;
        }
        long rc = DomainNames.checkSelf(domain, ForeignMemoryMap.domid(s, 0));
        if (rc < 0) {
            return rc;
        }
        MemorySegment given = MemorySegment.ofArray(new byte[entries * E820_ENTRY_BYTES]);
        if (!domain.guestMemory().copyIn(c.rootMfn(), MemoryMap.buffer(s, ForeignMemoryMap.map(0)), given, 0,
                given.byteSize())) {
            return -XenErrno.EFAULT;
        }
        map = given;
        return 0;
    }
}
