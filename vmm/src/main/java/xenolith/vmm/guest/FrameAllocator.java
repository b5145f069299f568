package xenolith.vmm.guest;

/// Hands out runs of machine frames, lowest first, cleared. A frame is handed out once: a domain's frames go back
/// with the machine.
///
/// Lock: its own monitor; allocation happens while a domain is built, and when a vcpu first needs a root of its own.
public final class FrameAllocator {
    private final MachineMemory memory;
    private long next = MachineMemory.BASE_MFN;

    public FrameAllocator(MachineMemory memory) {
        this.memory = memory;
    }

    /// The first of `frameCount` contiguous frames.
    ///
    /// @throws IllegalStateException if the machine was made too small, which is our mistake, not the user's
    public synchronized long allocate(long frameCount) {
        return allocateAligned(frameCount, 1);
    }

    /// Leaves out what is free below a frame.
    public synchronized void skipTo(long mfn) {
        if (mfn < next || mfn > memory.endMfn()) {
            throw new IllegalStateException("mfn=" + mfn + " next=" + next);
        }
        next = mfn;
    }

    /// As [#allocate], the first frame's number being a multiple of `alignment`, a power of two.
    public synchronized long allocateAligned(long frameCount, long alignment) {
        long first = (next + alignment - 1) & -alignment;
        if (frameCount <= 0 || frameCount > memory.endMfn() - first) {
            throw new IllegalStateException("machine memory is used up: wanted frameCount=" + frameCount
                    + " free=" + (memory.endMfn() - first));
        }
        next = first + frameCount;
        return first;
    }
}
