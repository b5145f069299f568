package xenolith.tool.run;

import xenolith.posix.HostException;
import xenolith.posix.Termios;
import xenolith.tool.host.HostFacts;
import xenolith.tool.host.HostInfo;
import xenolith.tool.host.KvmDevice;
import xenolith.tool.input.HostUnfitException;
import xenolith.vmm.host.HostProfile;

/// What starts a run and looks at the host: for the command line, and for programs that use Xenolith as a library. The
/// machine and the backends meet in [LocalRunner] and [OutsideAccess], behind it.
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
