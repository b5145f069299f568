package xenolith.backend.image;

import java.nio.file.Path;
import java.util.function.Function;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// A file, or a block device, whose bytes are the disk's.
///
/// Data goes through the host's page cache, unless it is opened directly, and is on the storage after a flush.
public final class RawImage implements DiskImage {
    private final Fd fd;
    private final boolean readOnly;
    /// Whether it goes past the host's page cache: else the host lets its callers wait, whatever they ask for.
    private final boolean direct;
    private final LostWrites lostWrites = new LostWrites();
    private final int logicalSectorBytes;
    private final int physicalSectorBytes;
    private volatile long sectorCount;

    private RawImage(Fd fd, boolean readOnly, boolean direct, int leastSectorBytes) {
        this.fd = fd;
        this.readOnly = readOnly;
        this.direct = direct;
        this.logicalSectorBytes = Math.max(leastSectorBytes, fd.deviceSectorBytes(false));
        this.physicalSectorBytes = Math.max(logicalSectorBytes, fd.deviceSectorBytes(true));
        measure();
    }

    /// Opens an image. Its size is what it is now; a rest of less than a sector is not seen. Two kernels that write one
    /// file system destroy it, so a writer has the image to itself; readers share it.
    ///
    /// @throws HostException if it cannot be opened so, or has no size
    /// @throws DiskInUseException if another disk has it, of this process or of another
    public static RawImage open(Path path, boolean readOnly) {
        return open(path, readOnly, 0, fd -> {
            lock(fd, path, readOnly);
            return new RawImage(fd, readOnly, false, SECTOR_BYTES);
        });
    }

    /// As [#open], for a caller who holds a lock.
    static RawImage openUnlocked(Path path, boolean readOnly) {
        return open(path, readOnly, 0, fd -> new RawImage(fd, readOnly, false, SECTOR_BYTES));
    }

    /// As [#open], past the host's page cache. The disk's sectors are then as large as the storage's blocks must be. To find
    /// that out, zeros may be written where there was nothing.
    ///
    /// @throws HostException also if what holds the image cannot do that (`EINVAL`)
    /// @throws BadImageException if there is no finding that out
    public static RawImage openDirect(Path path, boolean readOnly) {
        return open(path, readOnly, Fd.O_DIRECT, fd -> {
            lock(fd, path, readOnly);
            return new RawImage(fd, readOnly, true, DirectBlocks.leastBytes(fd, path, readOnly));
        });
    }

    /// A FIFO is an error, and nobody to wait for.
    private static RawImage open(Path path, boolean readOnly, int flags, Function<Fd, RawImage> made) {
        Fd fd = Fd.open(path.toString(), (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | Fd.O_NONBLOCK | flags);
        try {
            return made.apply(fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static void lock(Fd fd, Path path, boolean readOnly) {
        if (!ImageLock.tryTake(fd, readOnly)) {
            throw new DiskInUseException(path);
        }
    }

    @Override
    public int logicalSectorBytes() {
        return logicalSectorBytes;
    }

    @Override
    public int physicalSectorBytes() {
        return physicalSectorBytes;
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
        sectorCount = fd.end() / logicalSectorBytes * (logicalSectorBytes / SECTOR_BYTES);
        return sectorCount;
    }

    @Override
    public void grow(long byteLength) {
        if (readOnly) {
            throw new DiskSizeException("it is read-only");
        }
        if (fd.deviceSectorBytes(false) > 0) {
            throw new DiskSizeException("a block device is made larger by what made it; then 'size' tells the guest");
        }
        if (byteLength < fd.end() || byteLength % logicalSectorBytes != 0) {
            throw new DiskSizeException("a disk can only grow while it is used, by whole sectors of " + logicalSectorBytes
                    + " bytes");
        }
        int result = fd.truncate(byteLength);
        if (result < 0) {
            throw new DiskSizeException("the host does not make it larger: " + Errno.name(-result));
        }
        measure();
    }

    @Override
    public int read(Iovec to, long offset) {
        return FileMove.all(fd, to, offset, false);
    }

    @Override
    public int write(Iovec from, long offset) {
        return FileMove.all(fd, from, offset, true);
    }

    @Override
    public boolean begin(Transfer transfer, TransferQueue queue) {
        if (!direct) {
            return false;
        }
        transfer.in(fd);
        return queue.add(transfer);
    }

    @Override
    public int flush() {
        return readOnly ? 0 : lostWrites.sync(fd);
    }

    @Override
    public void onLoss(Runnable action) {
        lostWrites.tell(action);
    }

    @Override
    public int discard(long offset, long byteLength) {
        return fd.punchHole(offset, byteLength);
    }

    @Override
    public void close() {
        fd.close();
    }
}
