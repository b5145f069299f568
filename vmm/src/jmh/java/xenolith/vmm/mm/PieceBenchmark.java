package xenolith.vmm.mm;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import xenolith.vmm.guest.MachineMemory;

/// How long one call holds the domain's lock while a root over 8192 full level-1 tables is pinned and unpinned, again
/// and again.
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PieceBenchmark {
    private static final int ENTRIES = 512;
    private static final int L2S = 16;
    private static final int FIRST_L2 = 2;
    private static final int FIRST_L1 = FIRST_L2 + L2S;
    private static final int FIRST_DATA = FIRST_L1 + L2S * ENTRIES;
    private static final int DATA = 4096;
    private static final int FRAMES = FIRST_DATA + DATA;
    private static final int DOMID = 1;
    private static final long TABLE = 0x67;

    private final MachineMemory memory = new MachineMemory(Arena.ofAuto().allocate(FRAMES * 4096L, 4096));
    private PageTables tables;
    private Phase phase = Phase.PIN;

    private enum Phase {
        PIN, UNPIN, SETTLE
    }

    @Setup
    public void build() {
        FrameTable frames = new FrameTable(FRAMES);
        for (int i = 0; i < FRAMES; i++) {
            frames.assign(MachineMemory.BASE_MFN + i, DOMID);
        }
        tables = new PageTables(memory, frames, DOMID, new DirectEntryWriter(memory));
        entry(0, 0, 1);
        for (int l2 = 0; l2 < L2S; l2++) {
            entry(1, l2, FIRST_L2 + l2);
            for (int l1 = 0; l1 < ENTRIES; l1++) {
                int table = FIRST_L1 + l2 * ENTRIES + l1;
                entry(FIRST_L2 + l2, l1, table);
                for (int slot = 0; slot < ENTRIES; slot++) {
                    entry(table, slot, FIRST_DATA + (l1 * ENTRIES + slot) % (DATA - 1));
                }
            }
        }
    }

    private void entry(int table, int slot, int target) {
        memory.writeWord((MachineMemory.BASE_MFN + table << 12) + slot * 8L,
                MachineMemory.BASE_MFN + target << 12 | TABLE);
    }

    @Benchmark
    public long call() {
        long root = MachineMemory.BASE_MFN;
        long rc = switch (phase) {
            case PIN -> tables.pin(root, 4);
            case UNPIN -> tables.unpin(root);
            // Any change of a page table takes up what was left behind.
            case SETTLE -> tables.updateEntry(MachineMemory.BASE_MFN + FRAMES - 1 << 12, 0, false);
        };
        if (rc == 0) {
            phase = Phase.values()[(phase.ordinal() + 1) % Phase.values().length];
        } else if (rc != PageTables.RETRY) {
            throw new IllegalStateException("refused: " + tables.refusals().format());
        }
        return rc;
    }
}
