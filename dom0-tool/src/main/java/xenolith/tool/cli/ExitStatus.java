package xenolith.tool.cli;

/// What the command's exit status says.
final class ExitStatus {
    /// The guest powered off, or the command did what it was asked.
    static final int OK = 0;
    /// A running domain or its store did not do what it was asked.
    static final int FAILED = 1;
    /// An error of ours.
    static final int INTERNAL_ERROR = 1;
    /// The command line, or a file that it names, is wrong.
    static final int BAD_INPUT = 2;
    /// This host cannot run it.
    static final int HOST_UNFIT = 3;
    static final int GUEST_REBOOTED = 10;
    static final int GUEST_CRASHED = 11;
    static final int GUEST_SUSPENDED = 12;
    /// By `xenolith destroy`.
    static final int GUEST_DESTROYED = 13;
    /// A watchdog that the guest had set was not set again in time.
    static final int GUEST_WATCHDOG = 14;
    /// The person at the terminal left with Ctrl-]; the number that a shell gives a command ended by SIGINT.
    static final int LEFT = 130;

    private ExitStatus() {
    }
}
