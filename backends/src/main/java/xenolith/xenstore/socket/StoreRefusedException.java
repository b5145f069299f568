package xenolith.xenstore.socket;

/// The store answered with an error.
public final class StoreRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String error;

    StoreRefusedException(String error, String what) {
        super(error + ": " + what, null, false, false);
        this.error = error;
    }

    /// The error's name on the wire, such as `ENOENT`.
    public String error() {
        return error;
    }
}
