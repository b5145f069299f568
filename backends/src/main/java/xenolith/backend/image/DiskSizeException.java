package xenolith.backend.image;

/// A disk that cannot have the size that was asked for, with the reason. Nothing has changed.
public final class DiskSizeException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DiskSizeException(String reason) {
        super(reason);
    }
}
