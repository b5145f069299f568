package xenolith.backend.image.qcow2;

import xenolith.backend.image.DiskImage;
import xenolith.posix.Iovec;

/// What shows where an image has nothing: its backing file, which may be shorter than the disk or absent, and zeros.
final class Backing implements AutoCloseable {
    private final DiskImage image;
    private final long byteLength;

    /// @param image closed with this, or null
    Backing(DiskImage image) {
        this.image = image;
        this.byteLength = image == null ? 0 : image.sectorCount() * DiskImage.SECTOR_BYTES;
    }

    boolean isAbsent() {
        return image == null;
    }

    /// Whether there is nothing but zeros from `offset` on.
    boolean endsBefore(long offset) {
        return offset >= byteLength;
    }

    /// Fills all of `to`, using `part`. Returns 0 or `-errno`.
    int read(Iovec to, long offset, Iovec part) {
        long there = Math.clamp(byteLength - offset, 0, to.byteLength());
        if (there == to.byteLength()) {
            return image.read(to, offset);
        }
        if (there > 0) {
            part.clear();
            part.take(to, there);
            int result = image.read(part, offset);
            if (result < 0) {
                return result;
            }
        }
        to.fillZeros(to.byteLength());
        return 0;
    }

    @Override
    public void close() {
        if (image != null) {
            image.close();
        }
    }
}
