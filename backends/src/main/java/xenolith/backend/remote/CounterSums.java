package xenolith.backend.remote;

import java.util.LinkedHashMap;
import java.util.Map;

/// What a device has counted through all its processes, each of which begins with nothing.
final class CounterSums {
    private final Map<String, Long> before = new LinkedHashMap<>();
    private Object source;
    private Map<String, Long> latest = Map.of();

    /// What a process has counted by now.
    ///
    /// @param process tells it from its predecessors
    synchronized void now(Object process, Map<String, Long> counts) {
        if (source != process) {
            latest.forEach((name, count) -> before.merge(name, count, Long::sum));
            source = process;
        }
        latest = counts;
        before.keySet().retainAll(counts.keySet());
    }

    synchronized Map<String, Long> all() {
        Map<String, Long> sums = new LinkedHashMap<>();
        latest.forEach((name, count) -> sums.put(name, count + before.getOrDefault(name, 0L)));
        return sums;
    }
}
