package xenolith.backend.image;

import java.nio.file.Path;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// A file, or a block device, whose bytes are the disk's.
///
/// Data goes through the host's page cache, and is on the storage after a flush.
public final class RawImage implements DiskImage {
    private final Fd fd;
    private final boolean readOnly;
    private volatile long sectorCount;

    private RawImage(Fd fd, boolean readOnly) {
        this.fd = fd;
        this.readOnly = readOnly;
        measure();
    }

    /// Opens an image. Its size is what it is now; a rest of less than a sector is not seen. Two kernels that write one
    /// file system destroy it, so a writer has the image to itself; readers share it.
    ///
    /// @throws HostException if it cannot be opened so, or has no size
    /// @throws DiskInUseException if another disk has it, of this process or of another
    public static RawImage open(Path path, boolean readOnly) {
        RawImage image = openUnlocked(path, readOnly);
        try {
            if (!image.fd.tryLock(readOnly)) {
                throw new DiskInUseException(path);
            }
            return image;
        } catch (HostException | DiskInUseException e) {
            image.close();
            throw e;
        }
    }

    /// As [#open], for a caller who holds a lock. A FIFO is an error, and nobody to wait for.
    static RawImage openUnlocked(Path path, boolean readOnly) {
        Fd fd = Fd.open(path.toString(), (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | Fd.O_NONBLOCK);
        try {
            return new RawImage(fd, readOnly);
        } catch (HostException e) {
            fd.close();
            throw e;
        }
    }

    @Override
    public boolean isReadOnly() {
        return readOnly;
    }

    @Override
    public long sectorCount() {
        return sectorCount;
    }

    @Override
    public long measure() {
        sectorCount = fd.end() / SECTOR_BYTES;
        return sectorCount;
    }

    @Override
    public int read(Iovec to, long offset) {
        return move(to, offset, false);
    }

    @Override
    public int write(Iovec from, long offset) {
        return move(from, offset, true);
    }

    @Override
    public int flush() {
        return readOnly ? 0 : fd.dataSync();
    }

    @Override
    public int discard(long offset, long byteLength) {
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
