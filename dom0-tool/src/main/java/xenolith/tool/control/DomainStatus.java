package xenolith.tool.control;

import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.tool.input.ControlException;

/// How a running domain stands.
///
/// @param name        its name
/// @param domid       its number on its own machine
/// @param pid         the process that runs it
/// @param memoryBytes what it has now
/// @param maxMemoryBytes what it may have
/// @param vcpusUp     how many virtual CPUs are up
/// @param vcpuCount   how many it may bring up
/// @param state       one of [State]
/// @param cpuTimeNs   how long its virtual CPUs have run, all together
public record DomainStatus(String name, int domid, long pid, long memoryBytes, long maxMemoryBytes, int vcpusUp,
        int vcpuCount, State state, long cpuTimeNs) {

    /// What a domain is doing, by the letter that Xen's tools use.
    public enum State {
        /// A virtual CPU of it runs.
        RUNNING('r'),
        /// All its virtual CPUs wait for events.
        BLOCKED('b'),
        /// It has ended, and is being taken down.
        SHUTDOWN('s');

        private final char letter;

        State(char letter) {
            this.letter = letter;
        }

        public char letter() {
            return letter;
        }
    }

    /// The fields by their names in JSON.
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", name);
        fields.put("id", domid);
        fields.put("pid", pid);
        fields.put("memory_bytes", memoryBytes);
        fields.put("max_memory_bytes", maxMemoryBytes);
        fields.put("vcpus", vcpusUp);
        fields.put("max_vcpus", vcpuCount);
        fields.put("state", state.name().toLowerCase(java.util.Locale.ROOT));
        fields.put("cpu_time_ns", cpuTimeNs);
        return fields;
    }

    /// Reads [#fields] back; throws [ControlException] where something is missing.
    static DomainStatus of(Map<String, Object> fields) {
        try {
            return new DomainStatus((String) fields.get("name"), (int) number(fields, "id"), number(fields, "pid"),
                    number(fields, "memory_bytes"), number(fields, "max_memory_bytes"), (int) number(fields, "vcpus"),
                    (int) number(fields, "max_vcpus"),
                    State.valueOf(((String) fields.get("state")).toUpperCase(java.util.Locale.ROOT)),
                    number(fields, "cpu_time_ns"));
        } catch (ClassCastException | NullPointerException | IllegalArgumentException e) {
            throw new ControlException("the domain's answer makes no sense: " + fields, e);
        }
    }

    private static long number(Map<String, Object> fields, String name) {
        return (Long) fields.get(name);
    }
}
