package xenolith.backend.remote;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import xenolith.posix.Fd;
import xenolith.posix.Mapping;

/// A page in which a device's process says how many of its threads work for the guest now: a `u32` at its start. By
/// memory, as it changes with every request, and whoever wants to know looks often.
final class StatusPage implements AutoCloseable {
    static final long BYTES = 4096;
    /// What more threads than that would say makes no difference.
    private static final int MAX_WORKING = 64;
    private static final VarHandle WORKING = JAVA_INT.varHandle().withInvokeExactBehavior();

    private final Mapping mapping;
    private final MemorySegment page;

    StatusPage(Fd memfd) {
        mapping = Mapping.shared(memfd, 0, BYTES, true);
        page = mapping.segment();
    }

    /// The device's end: a thread begins to work, or goes to sleep. One may do so when the connection has ended.
    void working(boolean begins) {
        int more = begins ? 1 : -1;
        try {
            int _ = (int) WORKING.getAndAdd(page, 0L, more);
        } catch (IllegalStateException _) {
            // Closed: nobody looks any more.
        }
    }

    /// The machine's end: how many work now. The other's word: what it may do is to make pollers rest. None once closed.
    int working() {
        try {
            return Math.clamp((int) WORKING.getOpaque(page, 0L), 0, MAX_WORKING);
        } catch (IllegalStateException _) {
            return 0;
        }
    }

    @Override
    public void close() {
        mapping.close();
    }
}
