package xenolith.tool.input;

/// This host cannot do what was asked: no `/dev/kvm`, no permission, no memory, a capability that KVM lacks.
///
/// The message is one line that says what is missing and what to do. The command line prints it alone and ends with
/// status 3.
public final class HostUnfitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HostUnfitException(String message) {
        super(message);
    }

    public HostUnfitException(String message, Throwable cause) {
        super(message, cause);
    }
}
