package xenolith.tool.host;

import java.util.List;

/// What the start-up probes found out about this host, in the order in which a person would read it.
public record HostInfo(List<Fact> facts) {
    /// One finding.
    ///
    /// @param group heading under which it is shown, and outer name in JSON: `kvm`, `host`, `costs`
    /// @param key   name in JSON, with its unit: `exit_ns`
    /// @param label what a person reads in its place
    /// @param text  the finding as a person reads it
    /// @param value what a program reads: a String, a Boolean, a Number, or a List of these
    public record Fact(String group, String key, String label, String text, Object value) {
    }

    public HostInfo {
        facts = List.copyOf(facts);
    }
}
