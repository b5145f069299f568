package xenolith.vmm.hypercall;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import xenolith.abi.HypercallNumber;
import xenolith.vmm.domain.TestDomain;

/// The hypercall path in Java, from the switch over the number to the answer; no guest runs.
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HypercallBenchmark {
    private static final int BATCH = 128;
    private static final int TARGET = TestDomain.FIRST_DATA + 32;
    private static final long READ_ONLY = 0x25;

    /// Whether the host sees our stores: where not, entries that lose rights are queued.
    @Param({"true", "false"})
    public boolean coherent;

    private TestCalls calls;
    private long argVa;

    @Setup
    public void build() {
        calls = new TestCalls(new TestDomain(1, coherent));
        argVa = calls.arg();
        for (int i = 0; i < BATCH; i++) {
            // Present and absent by turns: each takes or drops a reference.
            long value = i % 2 == 0 ? 0 : calls.d.ma(TARGET) | READ_ONLY;
            calls.put(TestCalls.ARG, i * 16, calls.d.l1EntryMa(TARGET), value);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long mmuUpdateEntry() {
        calls.context.begin();
        long rc = calls.hypercalls.dispatch(calls.context, HypercallNumber.MMU_UPDATE, argVa, BATCH, 0,
                TestCalls.SELF, 0);
        calls.d.domain.commits().discard();
        return rc;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long mmuUpdateOfOneEntry() {
        long rc = 0;
        for (int i = 0; i < BATCH; i++) {
            calls.context.begin();
            rc |= calls.hypercalls.dispatch(calls.context, HypercallNumber.MMU_UPDATE, argVa + 16L * i, 1, 0,
                    TestCalls.SELF, 0);
        }
        calls.d.domain.commits().discard();
        return rc;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long dispatch() {
        long rc = 0;
        for (int i = 0; i < BATCH; i++) {
            calls.context.begin();
            rc |= calls.hypercalls.dispatch(calls.context, HypercallNumber.STACK_SWITCH, 0xe02b, argVa + i, 0, 0, 0);
        }
        return rc;
    }
}
