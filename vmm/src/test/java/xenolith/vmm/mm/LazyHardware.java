package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ADDRESS;
import static xenolith.vmm.mm.PteBits.PRESENT;
import static xenolith.vmm.mm.PteBits.RW;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import xenolith.vmm.guest.MachineMemory;

/// A writer over hardware that forgets nothing until it is told to: the worst that a TLB, a paging-structure cache
/// or a shadow page table may do. It remembers each frame that an old entry still reaches, and tells holes.
final class LazyHardware implements EntryWriter {
    private final MachineMemory memory;
    private final FrameTable frames;
    private final int domid;
    private final DirectEntryWriter direct;
    private final CommitEpoch epoch = new CommitEpoch();

    /// Frames that some vCPU may still write to, may still read, may still walk as a table of level 1, 2, 3.
    private final BitSet writable = new BitSet();
    private final BitSet mapped = new BitSet();
    private final BitSet[] walked = {new BitSet(), new BitSet(), new BitSet(), new BitSet(), new BitSet()};
    private boolean commitOwed;

    int commits;
    final List<Long> retired = new ArrayList<>();
    /// Whether a commit can be promised in the present context.
    boolean canCommit = true;

    LazyHardware(MachineMemory memory, FrameTable frames, int domid, long... hypervisorSlots) {
        this.memory = memory;
        this.frames = frames;
        this.domid = domid;
        this.direct = new DirectEntryWriter(memory, hypervisorSlots);
    }

    /// The guest gets the processor back: what was promised happens first.
    void guestRuns() {
        if (commitOwed) {
            commit();
        }
    }

    void commit() {
        writable.clear();
        mapped.clear();
        for (BitSet level : walked) {
            level.clear();
        }
        commitOwed = false;
        commits++;
        epoch.advance();
    }

    boolean commitOwed() {
        return commitOwed;
    }

    boolean mayStillWrite(int i) {
        return writable.get(i);
    }

    /// Whether a word stored into the frame would be walked as an entry before anybody commits.
    boolean mayStillWalk(int i) {
        boolean stale = false;
        for (BitSet level : walked) {
            stale |= level.get(i);
        }
        return stale && !commitOwed && !frames.isLiveTable(i);
    }

    /// Each frame that an old translation makes dangerous, as the machine stands.
    List<String> holes() {
        List<String> holes = new ArrayList<>();
        for (int i = 0; i < frames.frameCount(); i++) {
            long mfn = FrameTable.mfnOf(i);
            boolean foreign = frames.owner(mfn) != domid;
            int use = frames.typeCount(mfn) == 0 ? PageType.NONE : frames.type(mfn);
            if (writable.get(i) && (foreign || frames.isLiveTable(i) || use == PageType.SEGDESC)) {
                holes.add("still writable: " + frames.describe(mfn));
            }
            if (mapped.get(i) && foreign) {
                holes.add("still readable: " + frames.describe(mfn));
            }
            for (int level = 1; level < walked.length; level++) {
                if (walked[level].get(i) && (foreign || use != PageType.NONE && use != level)) {
                    holes.add("still walked as l" + level + ": " + frames.describe(mfn));
                }
            }
        }
        return holes;
    }

    @Override
    public CommitEpoch epoch() {
        return epoch;
    }

    @Override
    public void write(long entryMa, long oldValue, long newValue, int level, boolean preserveAd) {
        direct.write(entryMa, oldValue, newValue, level, preserveAd);
        remember(entryMa >>> MachineMemory.PAGE_SHIFT, oldValue, newValue, level);
    }

    @Override
    public boolean exchange(long entryMa, long expected, long newValue, int level) {
        boolean stored = direct.exchange(entryMa, expected, newValue, level);
        if (stored) {
            remember(entryMa >>> MachineMemory.PAGE_SHIFT, expected, newValue, level);
        }
        return stored;
    }

    @Override
    public void retired(long mfn) {
        retired.add(mfn);
        int level = frames.type(mfn);
        walked[level].set(frames.index(mfn));
        for (int slot = 0; slot < PteBits.ENTRIES; slot++) {
            if (!PteBits.isHypervisorSlot(level, slot)) {
                remember(mfn, memory.readWord((mfn << MachineMemory.PAGE_SHIFT) + slot * 8L), 0, level);
            }
        }
    }

    @Override
    public void installHypervisorSlots(long mfn) {
        direct.installHypervisorSlots(mfn);
    }

    @Override
    public boolean commitBeforeReturn() {
        commitOwed |= canCommit;
        return canCommit;
    }

    private void remember(long tableMfn, long old, long now, int level) {
        boolean lostFrame = (now & PRESENT) == 0 || ((old ^ now) & ADDRESS) != 0;
        boolean lostWrite = lostFrame || (now & RW) == 0;
        if ((old & PRESENT) == 0 || PteBits.mfn(old) == tableMfn) {
            return;
        }
        int i = frames.index(PteBits.mfn(old));
        if (level > 1 && lostFrame) {
            walked[frames.type(PteBits.mfn(old)) == level ? level : level - 1].set(i);
        } else if (level == 1) {
            mapped.set(i, mapped.get(i) || lostFrame);
            writable.set(i, writable.get(i) || lostWrite && (old & RW) != 0);
        }
    }
}
