package xenolith.backend;

/// A frontend wrote something into the store with which its device cannot be served. The message says what, in a line.
public final class FrontendException extends Exception {
    private static final long serialVersionUID = 1L;

    public FrontendException(String reason) {
        super(reason);
    }
}
