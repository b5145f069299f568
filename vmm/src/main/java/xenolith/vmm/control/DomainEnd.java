package xenolith.vmm.control;

/// How a domain ended (`SHUTDOWN_*`, `xen/sched.h`).
public sealed interface DomainEnd {
    record PoweredOff() implements DomainEnd {
    }

    record Rebooted() implements DomainEnd {
    }

    record Suspended() implements DomainEnd {
    }

    /// A watchdog that the guest had set ran out, or the guest says that its own did.
    record WatchdogExpired() implements DomainEnd {
    }

    /// Crashed by itself or by us.
    ///
    /// @param reason one line
    /// @param report registers, last hypercalls and what else helps, several lines; may be empty
    record Crashed(String reason, String report) implements DomainEnd {
    }

    /// Ended from outside.
    record Destroyed() implements DomainEnd {
    }
}
