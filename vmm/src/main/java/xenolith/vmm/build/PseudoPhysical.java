package xenolith.vmm.build;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import xenolith.vmm.guest.MachineMemory;

/// A domain's memory by pfn: which machine frame each has, and copying to it.
public final class PseudoPhysical {
    private static final int PAGE = MachineMemory.PAGE_SIZE;

    private final MachineMemory memory;
    private final long firstMfn;
    private final int[] permutation;
    private final long frameCount;

    private PseudoPhysical(MachineMemory memory, long firstMfn, long frameCount, int[] permutation) {
        this.memory = memory;
        this.firstMfn = firstMfn;
        this.frameCount = frameCount;
        this.permutation = permutation;
    }

    /// pfn n has machine frame `firstMfn + n`.
    public static PseudoPhysical ordered(MachineMemory memory, long firstMfn, long frameCount) {
        return new PseudoPhysical(memory, firstMfn, frameCount, null);
    }

    /// The same frames, dealt out at random: what a domain sees on a machine that has been up for long.
    public static PseudoPhysical scrambled(MachineMemory memory, long firstMfn, long frameCount, long seed) {
        int[] order = new int[Math.toIntExact(frameCount)];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        Random random = new Random(seed);
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return new PseudoPhysical(memory, firstMfn, frameCount, order);
    }

    public long frameCount() {
        return frameCount;
    }

    public long mfn(long pfn) {
        return firstMfn + (permutation == null ? pfn : permutation[(int) pfn]);
    }

    /// Machine address of pseudo-physical address `pa`.
    public long ma(long pa) {
        return (mfn(pa >>> MachineMemory.PAGE_SHIFT) << MachineMemory.PAGE_SHIFT) + (pa & PAGE - 1);
    }

    /// Copies `byteLength` bytes of `from` to pseudo-physical address `pa`, in as long pieces as the frames allow.
    public void copy(MemorySegment from, long fromOffset, long pa, long byteLength) {
        if (permutation == null) {
            MemorySegment.copy(from, fromOffset, memory.segment(), MachineMemory.offset(ma(pa)), byteLength);
            return;
        }
        for (long done = 0; done < byteLength; ) {
            long chunk = Math.min(byteLength - done, PAGE - (pa + done & PAGE - 1));
            MemorySegment.copy(from, fromOffset + done, memory.segment(), MachineMemory.offset(ma(pa + done)), chunk);
            done += chunk;
        }
    }
}
