package xenolith.vmm.gnttab;

import java.lang.foreign.MemorySegment;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.FrameTable;

/// The machine frames of one domain's table, lent to it as the table grows: first those of the entries, behind them
/// those of version 2's status words. All of them are set aside when the domain is built.
final class GrantFrames {
    /// A frame of version 2 holds 256 entries, a frame of status words 2048.
    private static final int FRAMES_PER_STATUS_FRAME = 8;

    private final FrameTable frames;
    private final int domid;
    private final long firstMfn;
    private final int max;
    private final MemorySegment shared;
    private final MemorySegment status;
    private int sharedCount;
    private int statusCount;

    GrantFrames(MachineMemory memory, FrameTable frames, int domid, long firstMfn, int max) {
        this.frames = frames;
        this.domid = domid;
        this.firstMfn = firstMfn;
        this.max = max;
        this.shared = range(memory, firstMfn, max);
        this.status = range(memory, firstMfn + max, statusFor(max));
    }

    private static MemorySegment range(MachineMemory memory, long mfn, int count) {
        return memory.segment().asSlice(MachineMemory.offset(mfn << MachineMemory.PAGE_SHIFT),
                (long) count << MachineMemory.PAGE_SHIFT);
    }

    /// How many frames of status words go with so many of entries.
    static int statusFor(int sharedFrames) {
        return (sharedFrames + FRAMES_PER_STATUS_FRAME - 1) / FRAMES_PER_STATUS_FRAME;
    }

    int max() {
        return max;
    }

    int sharedCount() {
        return sharedCount;
    }

    int statusCount() {
        return statusCount;
    }

    long sharedMfn(int i) {
        return firstMfn + i;
    }

    long statusMfn(int i) {
        return firstMfn + max + i;
    }

    /// The entries, as far as the table may grow.
    MemorySegment shared() {
        return shared;
    }

    MemorySegment status() {
        return status;
    }

    /// Lends frames until there are `count` for entries, which is not more than [#max].
    void growShared(int count) {
        for (; sharedCount < count; sharedCount++) {
            lend(sharedMfn(sharedCount), shared, sharedCount);
        }
    }

    void growStatus(int count) {
        for (; statusCount < count; statusCount++) {
            lend(statusMfn(statusCount), status, statusCount);
        }
    }

    /// Takes the status frames back; false, and nothing done, while the domain maps one.
    ///
    /// A stale translation may outlive this, but the frames never become anything else.
    boolean dropStatus() {
        for (int i = 0; i < statusCount; i++) {
            if (frames.refCount(statusMfn(i)) != 0) {
                return false;
            }
        }
        while (statusCount > 0) {
            frames.release(statusMfn(--statusCount));
        }
        return true;
    }

    private void lend(long mfn, MemorySegment range, int i) {
        frames.assignShared(mfn, domid, true);
        range.asSlice((long) i << MachineMemory.PAGE_SHIFT, MachineMemory.PAGE_SIZE).fill((byte) 0);
    }
}
