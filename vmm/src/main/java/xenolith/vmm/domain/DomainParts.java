package xenolith.vmm.domain;

import xenolith.vmm.control.DomainLog;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.sched.GuestClock;

/// What a [Domain] is made of.
///
/// @param frameCount frames that it owns
/// @param hostWritesCoherent whether the host sees our stores to page tables without the guest's help
public record DomainParts(int domid, String name, MachineMemory memory, FrameTable frames, MachineToPhys m2p,
        long frameCount, long sharedInfoMa, int vcpuCount, GuestClock clock, Monitor monitor,
        boolean hostWritesCoherent, DomainLog log) {
}
