package xenolith.backend.image;

import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;

/// Moves data between a file and memory, and waits for it. What was moved is dropped from the pieces.
public final class FileMove {
    private FileMove() {
    }

    /// Moves all pieces. Returns 0 or `-errno`: -EIO where the file has become shorter.
    public static int all(Fd file, Iovec pieces, long offset, boolean write) {
        long moved = move(file, pieces, offset, write);
        return moved < 0 ? (int) moved : pieces.byteLength() > 0 ? -Errno.EIO : 0;
    }

    /// Fills all pieces, with zeros from the file's end on. Returns how many bytes lay before it, or `-errno`.
    public static long readAsEndless(Fd file, Iovec to, long offset) {
        long there = move(file, to, offset, false);
        if (there >= 0) {
            to.fillZeros(to.byteLength());
        }
        return there;
    }

    /// One call may move less than it is asked for: every round moves something or is the last.
    private static long move(Fd file, Iovec pieces, long offset, boolean write) {
        long done = 0;
        while (pieces.byteLength() > 0) {
            long moved = write ? file.pwritev(pieces, offset + done) : file.preadv(pieces, offset + done);
            if (moved <= 0) {
                return moved < 0 ? moved : done;
            }
            pieces.advance(moved);
            done += moved;
        }
        return done;
    }
}
