package xenolith.vmm.host;

/// This host's KVM cannot run our guests. The message is one line that says what is missing.
public final class HostUnfit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    HostUnfit(String message) {
        super(message);
    }
}
