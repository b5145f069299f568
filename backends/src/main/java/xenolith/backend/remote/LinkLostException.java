package xenolith.backend.remote;

/// The other process is gone, or does not answer in time: whatever was asked of it has no answer.
final class LinkLostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LinkLostException(String reason) {
        super(reason);
    }
}
