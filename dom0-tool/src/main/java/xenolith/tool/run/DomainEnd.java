package xenolith.tool.run;

/// How a domain ended: the reasons of SCHEDOP_shutdown (xen/include/public/sched.h), and what we ended ourselves.
public sealed interface DomainEnd {
    record PoweredOff() implements DomainEnd {
    }

    record Rebooted() implements DomainEnd {
    }

    record Suspended() implements DomainEnd {
    }

    /// `xenolith destroy`, or a caller of the library, ended it.
    record Destroyed() implements DomainEnd {
    }

    record WatchdogExpired() implements DomainEnd {
    }

    /// The guest reported a crash, or did what no guest may do.
    ///
    /// @param report lines for a person: the reason first, then registers, the last hypercalls, a guess at the place
    record Crashed(String report) implements DomainEnd {
    }
}
