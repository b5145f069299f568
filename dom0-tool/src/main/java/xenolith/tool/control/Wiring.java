package xenolith.tool.control;

import xenolith.posix.HostException;
import xenolith.posix.Termios;
import xenolith.vmm.host.HostProfile;

/// Where the machine and the backends meet: the only class of the project that sees both.
public final class Wiring {
    private Wiring() {
    }

    /// Loads and links what every run needs. Has no effect but that the first run starts sooner, and never throws.
    public static void prepare() {
        Termios.of(0);
        HostProfile.remembered();
    }

    public static DomainRunner domainRunner() {
        return new LocalRunner();
    }

    /// Probes the host afresh and remembers what it found for the next runs.
    public static HostInfo hostInfo() {
        KvmDevice.requireUsable();
        try {
            return HostFacts.of(HostProfile.probe());
        } catch (HostException e) {
            throw new HostUnfitException(e.getMessage(), e);
        }
    }
}
