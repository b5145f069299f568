package xenolith.vmm.machine;

import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.abi.HypercallNumber;
import xenolith.vmm.domain.Counters;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.mm.Refusal;
import xenolith.vmm.monitor.MonitorWindow.StubCount;

/// What a domain did, in numbers.
public final class DomainReport {
    private static final int HYPERCALLS = 64;

    private final Domain domain;
    private final Counters counters;

    DomainReport(Domain domain) {
        this.domain = domain;
        this.counters = domain.counters();
    }

    /// Exits to Java by kind, in lower case.
    public Map<String, Long> exits() {
        Map<String, Long> result = new LinkedHashMap<>();
        for (Counters.Exit kind : Counters.Exit.values()) {
            put(result, kind.name().toLowerCase(java.util.Locale.ROOT), counters.exits(kind));
        }
        return result;
    }

    /// Hypercalls by name, whoever answered them.
    public Map<String, Long> hypercalls() {
        Map<String, Long> result = new LinkedHashMap<>();
        for (int nr = 0; nr < HYPERCALLS; nr++) {
            put(result, HypercallNumber.name(nr), counters.hypercalls(nr));
        }
        return result;
    }

    /// Traps that came to Java, by vector.
    public Map<Integer, Long> traps() {
        Map<Integer, Long> result = new LinkedHashMap<>();
        for (int vector = 0; vector < 256; vector++) {
            if (counters.traps(vector) != 0) {
                result.put(vector, counters.traps(vector));
            }
        }
        return result;
    }

    /// What the validator refused, by rule, in lower case.
    public Map<String, Long> refusals() {
        Map<String, Long> result = new LinkedHashMap<>();
        for (Refusal rule : Refusal.values()) {
            if (rule.isGuestsError()) {
                put(result, rule.name().toLowerCase(java.util.Locale.ROOT), domain.pageTables().refusals().count(rule));
            }
        }
        return result;
    }

    /// What the monitor's stubs did without Java, summed over vcpus.
    public Map<String, Long> stubs() {
        Map<String, Long> result = new LinkedHashMap<>();
        for (StubCount which : StubCount.values()) {
            long sum = 0;
            for (int id = 0; id < domain.vcpuCount(); id++) {
                sum += domain.vcpu(id).window().count(which);
            }
            put(result, which.name().toLowerCase(java.util.Locale.ROOT), sum);
        }
        return result;
    }

    public long commits() {
        return domain.commits().commits();
    }

    public long committedEntries() {
        return domain.commits().committedEntries();
    }

    public long polledCalls() {
        return counters.polledCalls();
    }

    public long pageTableWrites() {
        return counters.pageTableWrites();
    }

    public long blocks() {
        return counters.blocks();
    }

    private static <K> void put(Map<K, Long> map, K key, long count) {
        if (count != 0) {
            map.put(key, count);
        }
    }
}
