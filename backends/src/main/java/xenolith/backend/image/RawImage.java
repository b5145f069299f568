package xenolith.backend.image;

import java.nio.file.Path;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
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
    private final Lock flushing = new ReentrantLock();
    private final StorageLoss loss = new StorageLoss();
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
        return locked(openUnlocked(path, readOnly), path);
    }

    private static RawImage locked(RawImage image, Path path) {
        try {
            if (!image.fd.tryLock(image.readOnly)) {
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
            return new RawImage(fd, readOnly, false, SECTOR_BYTES);
        } catch (HostException e) {
            fd.close();
            throw e;
        }
    }

    /// As [#open], past the host's page cache. The disk's sectors are then as large as the storage's blocks must be.
    ///
    /// @throws HostException also if what holds the image cannot do that (`EINVAL`)
    public static RawImage openDirect(Path path, boolean readOnly) {
        Fd fd = Fd.open(path.toString(), (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | Fd.O_NONBLOCK | Fd.O_DIRECT);
        try {
            return locked(new RawImage(fd, readOnly, true, DirectBlocks.leastBytes(fd, path)), path);
        } catch (HostException e) {
            fd.close();
            throw e;
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

    /// Linux tells a failure to store what it had accepted once to each descriptor that was open then, and drops it
    /// from its cache: a call that came after, or by a descriptor that is opened after somebody was told, would say
    /// that all is well. So once it failed it fails until the image is opened anew; who opens it anew without the
    /// guest's knowledge remembers it ([#onLoss]). One at a time, as two at once would be told differently.
    @Override
    public int flush() {
        if (readOnly) {
            return 0;
        }
        flushing.lock();
        try {
            if (loss.isKnown()) {
                return -Errno.EIO;
            }
            int result = fd.dataSync();
            if (result < 0) {
                loss.happened();
            }
            return result;
        } finally {
            flushing.unlock();
        }
    }

    @Override
    public void onLoss(Runnable action) {
        loss.tell(action);
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
