package xenolith.vmm.domain;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenVcpu;
import xenolith.abi.XenVcpu.RunstateInfo;
import xenolith.abi.XenVcpuInfo.VcpuTimeInfo;

/// The areas in a guest's own memory that it asked to be kept up to date (`xen/vcpu.h`: runstate, time). They are
/// named by virtual address, so each update walks the page tables; an area that is not mapped is left out, as Xen does.
public final class GuestAreas {
    private GuestAreas() {
    }

    /// Fills `vcpu_runstate_info` at the start of `scratch`.
    public static void fillRunstate(Vcpu vcpu, MemorySegment scratch) {
        RunstateInfo.state(scratch, 0, vcpu.runState().state());
        RunstateInfo.stateEntryTime(scratch, 0, vcpu.runState().enteredNs());
        for (int state = XenVcpu.RUNSTATE_RUNNING; state <= XenVcpu.RUNSTATE_OFFLINE; state++) {
            RunstateInfo.time(scratch, 0, state, vcpu.runState().timeNs(state));
        }
    }

    public static void updateRunstate(Vcpu vcpu, long rootMfn, MemorySegment scratch) {
        if (vcpu.runstateVa() != 0) {
            fillRunstate(vcpu, scratch);
            vcpu.domain().guestMemory().copyOut(rootMfn, vcpu.runstateVa(), scratch, 0, RunstateInfo.SIZEOF);
        }
    }

    /// The clock never changes while a domain runs, so the copy is written once.
    public static void updateTime(Vcpu vcpu, long rootMfn, MemorySegment scratch) {
        if (vcpu.timeAreaVa() != 0) {
            vcpu.domain().clock().fillTimeInfo(scratch, 0);
            vcpu.domain().guestMemory().copyOut(rootMfn, vcpu.timeAreaVa(), scratch, 0, VcpuTimeInfo.SIZEOF);
        }
    }
}
