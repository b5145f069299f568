package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ENTRIES;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;
import static xenolith.vmm.mm.PteBits.PRESENT;
import static xenolith.vmm.mm.PteBits.RW;
import static xenolith.vmm.mm.PteBits.USER;

import java.util.ArrayList;
import java.util.List;
import xenolith.vmm.guest.MachineMemory;

/// Counts every reference of the machine anew, from the page tables in memory and the holds, and compares with the
/// frame table.
///
/// It shares no arithmetic with the code that keeps the counts, only the rules for entries. For tests, and for
/// whoever suspects us; it takes time and memory, and all domains must stand still under their mm locks.
public final class Audit {
    private final MachineMemory memory;
    private final FrameTable frames;
    private final int[] typed;
    private final int[] all;
    private final int[] linear;
    private final boolean[] namesItsLevel;
    private final List<String> differences = new ArrayList<>();

    private Audit(MachineMemory memory, FrameTable frames) {
        this.memory = memory;
        this.frames = frames;
        this.typed = new int[frames.frameCount()];
        this.all = new int[frames.frameCount()];
        this.linear = new int[frames.frameCount()];
        this.namesItsLevel = new boolean[frames.frameCount()];
    }

    /// One line for each thing that is not as it must be; empty if all is well.
    public static List<String> differences(MachineMemory memory, FrameTable frames) {
        Audit audit = new Audit(memory, frames);
        for (int i = 0; i < frames.frameCount(); i++) {
            audit.countHolds(i);
            if (frames.isLiveTable(i)) {
                audit.countEntries(i);
            }
        }
        for (int i = 0; i < frames.frameCount(); i++) {
            audit.compare(i);
        }
        return audit.differences;
    }

    /// One line for each frame that anything refers to: none after the death of all domains.
    public static List<String> leftovers(FrameTable frames) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < frames.frameCount(); i++) {
            if (frames.refCount[i] != 0 || frames.typeCount[i] != 0 || frames.linear[i] != 0) {
                lines.add(frames.describe(FrameTable.mfnOf(i)) + ": in use after its domain's death");
            }
        }
        return lines;
    }

    private void countHolds(int i) {
        int pins = (frames.identity[i] & FrameTable.PINNED) != 0 ? 1 : 0;
        typed[i] += frames.heldTyped[i] + pins;
        all[i] += frames.heldTyped[i] + frames.heldPlain[i] + pins;
    }

    private void countEntries(int table) {
        int level = FrameTable.typeOf(frames.identity[table]);
        long tableMa = FrameTable.mfnOf(table) << MachineMemory.PAGE_SHIFT;
        for (int slot = 0; slot < ENTRIES; slot++) {
            long entry = memory.readWord(tableMa + ((long) slot << ENTRY_SHIFT));
            if ((entry & PRESENT) != 0 && !PteBits.isHypervisorSlot(level, slot)) {
                countEntry(table, level, slot, entry);
            }
        }
    }

    private void countEntry(int table, int level, int slot, long entry) {
        if (EntryRules.isForbidden(entry, level) || (entry & USER) == 0) {
            report(table, slot, entry, "bits");
        }
        int target = frames.index(PteBits.mfn(entry));
        if (target < 0) {
            report(table, slot, entry, "beyond the machine");
        } else if (FrameTable.ownerOf(frames.identity[target]) != FrameTable.ownerOf(frames.identity[table])) {
            report(table, slot, entry, "not the owner's");
        } else if (level == 1) {
            countLeaf(table, slot, entry, target);
        } else if (target == table) {
            if ((entry & RW) != 0) {
                report(table, slot, entry, "writable self-map");
            }
        } else {
            countTable(table, level, slot, entry, target);
        }
    }

    private void countLeaf(int table, int slot, long entry, int target) {
        all[target]++;
        if ((entry & RW) != 0) {
            typed[target]++;
            int id = frames.identity[target];
            int type = FrameTable.typeOf(id);
            boolean mayWrite = type == PageType.WRITABLE
                    || type == PageType.SHARED && (id & FrameTable.SHARED_READ_ONLY) == 0;
            if (!mayWrite) {
                report(table, slot, entry, "writes to a frame of type " + PageType.name(type));
            }
        }
    }

    private void countTable(int table, int level, int slot, long entry, int target) {
        typed[target]++;
        all[target]++;
        int type = FrameTable.typeOf(frames.identity[target]);
        if (type == level) {
            linear[table]++;
            linear[target]--;
            namesItsLevel[table] = true;
            if ((entry & RW) != 0) {
                report(table, slot, entry, "writable map of a table of the same level");
            }
        } else if (type != level - 1) {
            report(table, slot, entry, "names a frame of type " + PageType.name(type));
        }
    }

    private void compare(int i) {
        int id = frames.identity[i];
        int type = FrameTable.typeOf(id);
        boolean live = frames.typeCount[i] != 0;
        if (typed[i] != frames.typeCount[i] || all[i] != frames.refCount[i]) {
            report(i, "counted " + typed[i] + "/" + all[i]);
        }
        if (linear[i] != frames.linear[i] || namesItsLevel[i] && linear[i] <= 0) {
            report(i, "maps of the same level: counted " + linear[i] + ", kept " + frames.linear[i]);
        }
        if (live && type == PageType.NONE) {
            report(i, "typed without a type");
        }
        boolean mustBeValid = live && (PageType.isTable(type) || type == PageType.SEGDESC);
        if (mustBeValid != ((id & FrameTable.VALIDATED) != 0)) {
            report(i, "validated bit is wrong");
        }
        if (FrameTable.ownerOf(id) == FrameTable.DOMID_XEN && frames.refCount[i] != 0) {
            report(i, "in use without an owner");
        }
    }

    private void report(int table, int slot, long entry, String what) {
        report(table, "[" + slot + "] = " + Long.toHexString(entry) + ": " + what);
    }

    private void report(int i, String what) {
        differences.add(frames.describe(FrameTable.mfnOf(i)) + ": " + what);
    }
}
