package xenolith.backend.image;

import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// An image that keeps all room that it has: the guest is not offered to give any back.
///
/// @param image what it is otherwise
public record WithoutDiscard(DiskImage image) implements DiskImage {
    @Override
    public boolean isReadOnly() {
        return image.isReadOnly();
    }

    @Override
    public long sectorCount() {
        return image.sectorCount();
    }

    @Override
    public long measure() {
        return image.measure();
    }

    @Override
    public int logicalSectorBytes() {
        return image.logicalSectorBytes();
    }

    @Override
    public int physicalSectorBytes() {
        return image.physicalSectorBytes();
    }

    @Override
    public boolean canDiscard() {
        return false;
    }

    @Override
    public int read(Iovec to, long offset) {
        return image.read(to, offset);
    }

    @Override
    public int write(Iovec from, long offset) {
        return image.write(from, offset);
    }

    @Override
    public int flush() {
        return image.flush();
    }

    @Override
    public int discard(long offset, long byteLength) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public void close() {
        image.close();
    }
}
