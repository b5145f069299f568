package xenolith.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/// Whether a domain has processors enough for pollers beside its vcpus and the backends that work for it now.
///
/// A poller that has to share a processor is worse than none. The scheduler gives it whole slices of milliseconds, in which
/// a backend's thread waits and the poller has nothing to answer; and then it does not run when it has.
final class Processors {
    private final int available = Runtime.getRuntime().availableProcessors();
    private final int vcpuCount;
    private final AtomicInteger working = new AtomicInteger();
    /// Exchanged as a whole: it is read at every turn of a poller.
    private volatile IntSupplier[] elsewhere = {};

    Processors(int vcpuCount) {
        this.vcpuCount = vcpuCount;
    }

    /// A backend's thread begins to work, or goes to sleep.
    void working(boolean begins) {
        working.addAndGet(begins ? 1 : -1);
    }

    /// Asks about those in another process too, until what is returned has run.
    Runnable workingElsewhere(IntSupplier threads) {
        change(all -> all.add(threads));
        return () -> change(all -> all.remove(threads));
    }

    private synchronized void change(Consumer<List<IntSupplier>> how) {
        List<IntSupplier> all = new ArrayList<>(List.of(elsewhere));
        how.accept(all);
        elsewhere = all.toArray(IntSupplier[]::new);
    }

    /// Whether pollers must rest. Those of vcpus that are idle do not run, but nobody knows how soon they will.
    boolean areShort() {
        int backends = working.get();
        for (IntSupplier threads : elsewhere) {
            backends += threads.getAsInt();
        }
        return backends > 0 && backends + 2 * vcpuCount > available;
    }
}
