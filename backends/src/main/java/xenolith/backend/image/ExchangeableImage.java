package xenolith.backend.image;

import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// An image that can be exchanged for another while it is in use, as a drive's medium is.
///
/// Each call goes to one image from its beginning to its end. A caller that has looked at the size of the one may mean the
/// other, so ranges are looked at again: one past the end is -EIO, and nothing is written there.
public final class ExchangeableImage implements ForwardingImage {
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private volatile DiskImage image;

    public ExchangeableImage(DiskImage image) {
        this.image = image;
    }

    /// Puts `next` in the place of the image, and returns that one, which nobody uses any more. All that was written to it
    /// and answered is in it, though perhaps not on the storage.
    ///
    /// @throws IllegalArgumentException if `next` has other sectors, or is read-only where this is not or the other way
    public DiskImage exchange(DiskImage next) {
        if (next.logicalSectorBytes() != image.logicalSectorBytes() || next.isReadOnly() != image.isReadOnly()) {
            throw new IllegalArgumentException("the guest would have to be told of other sectors or rights");
        }
        lock.writeLock().lock();
        try {
            DiskImage old = image;
            image = next;
            return old;
        } finally {
            lock.writeLock().unlock();
        }
    }

    /// The image that is in use now.
    @Override
    public DiskImage image() {
        return image;
    }

    @Override
    public long measure() {
        lock.readLock().lock();
        try {
            return image.measure();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public int read(Iovec to, long offset) {
        lock.readLock().lock();
        try {
            return isWithin(offset, to.byteLength()) ? image.read(to, offset) : -Errno.EIO;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public int write(Iovec from, long offset) {
        lock.readLock().lock();
        try {
            return isWithin(offset, from.byteLength()) ? image.write(from, offset) : -Errno.EIO;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public int flush() {
        lock.readLock().lock();
        try {
            return image.flush();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public int discard(long offset, long byteLength) {
        lock.readLock().lock();
        try {
            return isWithin(offset, byteLength) ? image.discard(offset, byteLength) : -Errno.EIO;
        } finally {
            lock.readLock().unlock();
        }
    }

    private boolean isWithin(long offset, long byteLength) {
        return offset <= image.sectorCount() * SECTOR_BYTES - byteLength;
    }
}
