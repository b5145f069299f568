package xenolith.backend.blk;

import java.nio.file.Path;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// A disk's contents: a file, or a block device, as raw sectors. May be used by several threads.
///
/// Data goes through the host's page cache, and is on the storage after a flush.
public final class DiskImage implements AutoCloseable {
    /// What a sector is wherever the block interface counts them.
    public static final int SECTOR_BYTES = 512;

    private final Fd fd;
    private final boolean readOnly;
    private final long sectorCount;

    private DiskImage(Fd fd, boolean readOnly) {
        this.fd = fd;
        this.readOnly = readOnly;
        this.sectorCount = fd.end() / SECTOR_BYTES;
    }

    /// Opens an image. Its size is what it is now; a rest of less than a sector is not seen. Two kernels that write one
    /// file system destroy it, so a writer has the image to itself; readers share it.
    ///
    /// @throws HostException if it cannot be opened so, or has no size
    /// @throws DiskInUseException if another disk has it, of this process or of another
    public static DiskImage open(Path path, boolean readOnly) {
        Fd fd = Fd.open(path.toString(), readOnly ? Fd.O_RDONLY : Fd.O_RDWR);
        try {
            if (!fd.tryLock(readOnly)) {
                fd.close();
                throw new DiskInUseException(path);
            }
            return new DiskImage(fd, readOnly);
        } catch (HostException e) {
            fd.close();
            throw e;
        }
    }

    public boolean isReadOnly() {
        return readOnly;
    }

    public long sectorCount() {
        return sectorCount;
    }

    /// Fills all pieces from byte `offset`. Returns 0 or `-errno`; then the pieces hold anything.
    int read(Iovec to, long offset) {
        return move(to, offset, false);
    }

    /// Writes all pieces at byte `offset`. Returns 0 or `-errno`; then the range holds anything.
    int write(Iovec from, long offset) {
        return move(from, offset, true);
    }

    /// Waits until all that was written is on the storage. Returns 0 or `-errno`.
    int flush() {
        return readOnly ? 0 : fd.dataSync();
    }

    /// Frees the storage of a range. Returns 0 or `-errno`: -EOPNOTSUPP where the host's storage cannot.
    int discard(long offset, long byteLength) {
        return fd.punchHole(offset, byteLength);
    }

    @Override
    public void close() {
        fd.close();
    }

    /// One call may move less than asked for. Every round moves something or is the last.
    private int move(Iovec pieces, long offset, boolean write) {
        long at = offset;
        while (pieces.byteLength() > 0) {
            long moved = write ? fd.pwritev(pieces, at) : fd.preadv(pieces, at);
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
