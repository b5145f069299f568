package xenolith.backend.image;

import java.nio.file.Path;

/// An image that another disk, or another program, has open, with one of the two writing.
public final class DiskInUseException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DiskInUseException(Path path) {
        super(path + " is in use by another disk or program");
    }
}
