package xenolith.vmm.machine;

import java.util.concurrent.atomic.AtomicInteger;

/// Whether a domain has processors enough for pollers beside its vcpus and the backends that work for it now.
///
/// A poller that has to share a processor is worse than none. The scheduler gives it whole slices of milliseconds, in which
/// a backend's thread waits and the poller has nothing to answer; and then it does not run when it has.
final class Processors {
    private final int available = Runtime.getRuntime().availableProcessors();
    private final int vcpuCount;
    private final AtomicInteger working = new AtomicInteger();

    Processors(int vcpuCount) {
        this.vcpuCount = vcpuCount;
    }

    /// A backend's thread begins to work, or goes to sleep.
    void working(boolean begins) {
        working.addAndGet(begins ? 1 : -1);
    }

    /// Whether pollers must rest. Those of vcpus that are idle do not run, but nobody knows how soon they will.
    boolean areShort() {
        int backends = working.get();
        return backends > 0 && backends + 2 * vcpuCount > available;
    }
}
