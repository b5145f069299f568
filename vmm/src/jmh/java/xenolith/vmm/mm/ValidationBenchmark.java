package xenolith.vmm.mm;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import xenolith.vmm.guest.MachineMemory;

/// Validation of level-1 tables as a guest has just filled them: what a fork or an exec asks for.
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ValidationBenchmark {
    private static final int TABLES = 64;
    private static final int ENTRIES = 512;
    private static final int FRAMES = TABLES + 64 * ENTRIES;
    private static final int DOMID = 1;
    private static final long WRITABLE = 0x8000_0000_0000_0063L;
    private static final long READ_ONLY = 0x25;

    /// What the entries name: frames in a row, frames all over memory, one page for all, nothing but one page.
    @Param({"row", "scattered", "same", "sparse"})
    public String entries;

    private MachineMemory memory;
    private PageTables tables;

    @Setup(Level.Trial)
    public void build() {
        memory = new MachineMemory(Arena.ofAuto().allocate(FRAMES * 4096L, 4096));
        FrameTable frames = new FrameTable(FRAMES);
        for (int i = 0; i < FRAMES; i++) {
            frames.assign(MachineMemory.BASE_MFN + i, DOMID);
        }
        tables = new PageTables(memory, frames, DOMID, new DirectEntryWriter(memory));
    }

    @Setup(Level.Invocation)
    public void fillTables() {
        for (int table = 0; table < TABLES; table++) {
            long mfn = MachineMemory.BASE_MFN + table;
            if (tables.isPageTable(mfn)) {
                tables.unpin(mfn);
            }
            for (int slot = 0; slot < ENTRIES; slot++) {
                memory.writeWord((mfn << 12) + slot * 8L, entry(table, slot));
            }
        }
    }

    private long entry(int table, int slot) {
        int data = FRAMES - TABLES;
        long target = switch (entries) {
            case "row" -> (table * ENTRIES + slot) % data;
            case "scattered" -> (table * ENTRIES + slot) * 7919L % data;
            default -> 0;
        };
        if (entries.equals("sparse") && slot != 0) {
            return 0;
        }
        return MachineMemory.BASE_MFN + TABLES + target << 12 | (entries.equals("same") ? READ_ONLY : WRITABLE);
    }

    @Benchmark
    @OperationsPerInvocation(TABLES)
    public long freshL1() {
        long rc = 0;
        for (int table = 0; table < TABLES; table++) {
            rc |= tables.pin(MachineMemory.BASE_MFN + table, 1);
        }
        if (rc != 0) {
            throw new IllegalStateException("refused: " + tables.refusals().format());
        }
        return rc;
    }
}
