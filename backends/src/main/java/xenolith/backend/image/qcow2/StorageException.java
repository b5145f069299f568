package xenolith.backend.image.qcow2;

import xenolith.posix.Errno;

/// Reading or writing an image's own tables failed: the host's storage, or what stands in the image. It becomes the
/// errno of the request in hand.
class StorageException extends Exception {
    private static final long serialVersionUID = 1;

    private final int errno;

    /// @param errno positive
    StorageException(int errno, String message) {
        super(message);
        this.errno = errno;
    }

    /// Throws unless `result` is no error.
    static void check(long result, String what) throws StorageException {
        if (result < 0) {
            throw new StorageException((int) -result, what + ": " + Errno.name((int) -result));
        }
    }

    int errno() {
        return errno;
    }

    /// What stands in the image cannot be true.
    static final class Damaged extends StorageException {
        private static final long serialVersionUID = 1;

        Damaged(String message) {
            super(Errno.EIO, message);
        }
    }
}
