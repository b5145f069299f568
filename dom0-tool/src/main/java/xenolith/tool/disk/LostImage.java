package xenolith.tool.disk;

import xenolith.backend.image.DiskImage;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// What is left of a disk whose process does not come back: everything fails, as on a disk that was pulled out.
final class LostImage implements DiskImage {
    @Override
    public boolean isReadOnly() {
        return false;
    }

    /// So many that no request is beyond them.
    @Override
    public long sectorCount() {
        return Long.MAX_VALUE / SECTOR_BYTES;
    }

    @Override
    public int read(Iovec to, long offset) {
        return -Errno.EIO;
    }

    @Override
    public int write(Iovec from, long offset) {
        return -Errno.EIO;
    }

    @Override
    public int flush() {
        return -Errno.EIO;
    }

    @Override
    public int discard(long offset, long byteLength) {
        return -Errno.EIO;
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
