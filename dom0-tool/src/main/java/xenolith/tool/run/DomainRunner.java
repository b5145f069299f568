package xenolith.tool.run;

import xenolith.tool.console.GuestConsole;
import xenolith.tool.directory.RunDirectory;

/// Runs one domain from its building to its end.
public interface DomainRunner {
    /// Returns when the domain has ended. Called once, on a thread of the caller's, which it may use for itself.
    ///
    /// Throws `BadInputException` where the kernel, the initrd or the memory cannot make a domain, and
    /// `HostUnfitException` where the host cannot run one. The console belongs to the caller, who closes it.
    /// So does the directory, in which the domain's sockets are made.
    DomainResult run(DomainConfig config, GuestConsole console, RunDirectory directory);
}
