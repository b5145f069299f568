package xenolith.backend.net.passt;

/// No passt runs for an interface. The message is one line.
public final class PasstException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PasstException(String message) {
        super(message);
    }
}
