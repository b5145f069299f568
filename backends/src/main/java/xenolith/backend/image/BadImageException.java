package xenolith.backend.image;

import java.nio.file.Path;

/// An image that cannot be used, with the reason in one line that names it.
public final class BadImageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public BadImageException(Path path, String reason) {
        super(path + " " + reason);
    }
}
