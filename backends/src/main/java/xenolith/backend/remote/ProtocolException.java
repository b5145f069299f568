package xenolith.backend.remote;

/// The other process sent what no message of ours looks like: the connection is over.
final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;

    ProtocolException(String reason) {
        super(reason);
    }
}
