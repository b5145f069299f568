package xenolith.tool.control;

import xenolith.posix.Termios;

/// Where the machine and the backends meet: the only class of the project that sees both.
public final class Wiring {
    private Wiring() {
    }

    /// Loads and links what every run needs. Has no effect but that the first run starts sooner, and never throws.
    public static void prepare() {
        Termios.of(0);
    }

    public static DomainRunner domainRunner() {
        return new LocalRunner();
    }

    public static HostInfo hostInfo() {
        KvmDevice.requireUsable();
        throw new HostUnfitException("this build has no machine");
    }
}
