package xenolith.vmm.machine;

/// The kernel, the initrd or the memory cannot make a domain. The message is one line for the user: what is wrong and
/// what to do.
public final class BuildFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    BuildFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
