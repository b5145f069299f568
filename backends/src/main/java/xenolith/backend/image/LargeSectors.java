package xenolith.backend.image;

import xenolith.posix.Iovec;

/// An image as a disk of larger sectors than its own: the guest reads and writes whole ones only.
public final class LargeSectors implements DiskImage {
    private final DiskImage image;
    private final int sectorBytes;

    private LargeSectors(DiskImage image, int sectorBytes) {
        this.image = image;
        this.sectorBytes = sectorBytes;
    }

    /// `image` itself if its sectors are that large.
    ///
    /// @param sectorBytes a power of two, not less than the image's
    public static DiskImage of(DiskImage image, int sectorBytes) {
        return sectorBytes == image.logicalSectorBytes() ? image : new LargeSectors(image, sectorBytes);
    }

    @Override
    public boolean isReadOnly() {
        return image.isReadOnly();
    }

    /// A rest of less than a sector is not seen.
    @Override
    public long sectorCount() {
        return whole(image.sectorCount());
    }

    @Override
    public long measure() {
        return whole(image.measure());
    }

    private long whole(long sectors) {
        int step = sectorBytes / SECTOR_BYTES;
        return sectors / step * step;
    }

    @Override
    public int logicalSectorBytes() {
        return sectorBytes;
    }

    @Override
    public int physicalSectorBytes() {
        return Math.max(sectorBytes, image.physicalSectorBytes());
    }

    @Override
    public boolean canDiscard() {
        return image.canDiscard();
    }

    @Override
    public int discardGranularity() {
        return Math.max(sectorBytes, image.discardGranularity());
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
        return image.discard(offset, byteLength);
    }

    @Override
    public void close() {
        image.close();
    }
}
