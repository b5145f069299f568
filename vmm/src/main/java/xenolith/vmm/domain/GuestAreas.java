package xenolith.vmm.domain;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import xenolith.abi.XenVcpu;
import xenolith.abi.XenVcpu.RunstateInfo;
import xenolith.abi.XenVcpuInfo.VcpuTimeInfo;

/// The areas in a guest's own memory that it asked to be kept up to date (`xen/vcpu.h`: runstate, time). They are
/// named by virtual address, so each update walks the page tables; an area that is not mapped is left out, as Xen does.
public final class GuestAreas {
    private static final long ENTRY_TIME =
            RunstateInfo.LAYOUT.byteOffset(PathElement.groupElement("state_entry_time"));

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

    /// As `VCPUOP_get_runstate_info` tells it: the present stay is counted in. The area in the guest's memory leaves that
    /// to its reader, who has the time of its beginning.
    public static void fillRunstateNow(Vcpu vcpu, MemorySegment scratch) {
        vcpu.runState().noteStolen();
        fillRunstate(vcpu, scratch);
        int state = vcpu.runState().state();
        RunstateInfo.time(scratch, 0, state, vcpu.runState().timeNs(state) + vcpu.runState().presentStayNs());
    }

    /// Where the domain asked for that, the time of entry has a bit set for as long as the rest is being written.
    public static void updateRunstate(Vcpu vcpu, long rootMfn, MemorySegment scratch) {
        long va = vcpu.runstateVa();
        if (va == 0) {
            return;
        }
        GuestMemory memory = vcpu.domain().guestMemory();
        fillRunstate(vcpu, scratch);
        if (!vcpu.domain().assists().runstateUpdateFlag()) {
            memory.copyOut(rootMfn, va, scratch, 0, RunstateInfo.SIZEOF);
            return;
        }
        long entered = RunstateInfo.stateEntryTime(scratch, 0);
        RunstateInfo.stateEntryTime(scratch, 0, entered | RunstateInfo.XEN_RUNSTATE_UPDATE);
        memory.copyOut(rootMfn, va + ENTRY_TIME, scratch, ENTRY_TIME, Long.BYTES);
        VarHandle.releaseFence();
        memory.copyOut(rootMfn, va, scratch, 0, RunstateInfo.SIZEOF);
        VarHandle.releaseFence();
        RunstateInfo.stateEntryTime(scratch, 0, entered);
        memory.copyOut(rootMfn, va + ENTRY_TIME, scratch, ENTRY_TIME, Long.BYTES);
    }

    /// The clock never changes while a domain runs, so the copy is written once.
    public static void updateTime(Vcpu vcpu, long rootMfn, MemorySegment scratch) {
        if (vcpu.timeAreaVa() != 0) {
            vcpu.domain().clock().fillTimeInfo(scratch, 0);
            vcpu.domain().guestMemory().copyOut(rootMfn, vcpu.timeAreaVa(), scratch, 0, VcpuTimeInfo.SIZEOF);
        }
    }
}
