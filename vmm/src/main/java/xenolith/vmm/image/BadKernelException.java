package xenolith.vmm.image;

/// The file that the user named cannot be started as a PV kernel.
///
/// The message is one line for the user: which file, what is wrong with it, and where there is something to do, what.
public final class BadKernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadKernelException(String message) {
        super(message);
    }

    public BadKernelException(String message, Throwable cause) {
        super(message, cause);
    }
}
