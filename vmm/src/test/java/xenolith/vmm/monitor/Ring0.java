package xenolith.vmm.monitor;

import xenolith.vmm.guest.MachineMemory;

/// Plays ring 0 at the end of a commit: says that the list was run down.
public final class Ring0 {
    private Ring0() {
    }

    public static void commit(MachineMemory memory, Monitor monitor, int vcpuId) {
        MonitorWindow window = monitor.window(vcpuId);
        long ma = new MonitorView(memory, monitor.kernelSlotEntry()).ma(window.commitRipVa());
        memory.writeWord(ma, window.idleCommitRip());
    }
}
