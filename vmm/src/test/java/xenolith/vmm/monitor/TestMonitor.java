package xenolith.vmm.monitor;

import java.lang.foreign.Arena;
import xenolith.vmm.guest.FrameAllocator;
import xenolith.vmm.guest.MachineMemory;

/// A monitor of two vcpus over plain memory. The first 64 frames are some guest's.
final class TestMonitor {
    static final int FRAMES = 1024;
    static final int GUEST_FRAMES = 64;

    final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate(FRAMES * 4096L, 4096));
    final FrameAllocator allocator = new FrameAllocator(memory);
    final long guestMfn = allocator.allocate(GUEST_FRAMES);
    final long m2pMfn = allocator.allocate(2);
    final Monitor monitor = new Monitor(memory, allocator, 2, m2pMfn << 12, 2 * 4096, true);
    final MonitorView kernel = new MonitorView(memory, monitor.kernelSlotEntry());
    final MonitorView user = new MonitorView(memory, monitor.userSlotEntry());
}
