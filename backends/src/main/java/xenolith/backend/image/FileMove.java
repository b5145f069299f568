package xenolith.backend.image;

import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;

/// Moves data between a file and memory, and waits for it.
final class FileMove {
    private FileMove() {
    }

    /// Moves all pieces, of which one call may move less than it is asked for. Every round moves something or is the last.
    /// Returns 0 or `-errno`.
    static int all(Fd file, Iovec pieces, long offset, boolean write) {
        long at = offset;
        while (pieces.byteLength() > 0) {
            long moved = write ? file.pwritev(pieces, at) : file.preadv(pieces, at);
            if (moved <= 0) {
                // The file has become shorter.
                return moved == 0 ? -Errno.EIO : (int) moved;
            }
            pieces.advance(moved);
            at += moved;
        }
        return 0;
    }
}
