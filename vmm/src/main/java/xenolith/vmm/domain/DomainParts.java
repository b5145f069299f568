package xenolith.vmm.domain;

import xenolith.vmm.control.DomainLog;
import xenolith.vmm.evtchn.SendBells;
import xenolith.vmm.guest.FrameDiscard;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.FrameTable;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.sched.GuestClock;

/// What a [Domain] is made of.
///
/// @param frameCount frames that it owns, which are also the most that it may own
/// @param freeFrames frames beside those, out of which runs can be made for it
/// @param discard what to do with frames that it gives back
/// @param bells who lets backends hear the guest's sends without an exit
/// @param hostWritesCoherent whether the host sees our stores to page tables without the guest's help
public record DomainParts(int domid, String name, MachineMemory memory, FrameTable frames, MachineToPhys m2p,
        long frameCount, FreeFrames freeFrames, FrameDiscard discard, long sharedInfoMa, int vcpuCount,
        GuestClock clock, Monitor monitor, SendBells bells, boolean hostWritesCoherent, DomainLog log) {
}
