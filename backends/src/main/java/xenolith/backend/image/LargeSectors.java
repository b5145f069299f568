package xenolith.backend.image;

import xenolith.posix.Iovec;

/// An image as a disk of larger sectors than its own: the guest reads and writes whole ones only.
public final class LargeSectors implements ForwardingImage {
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
    public DiskImage image() {
        return image;
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

    @Override
    public void grow(long byteLength) {
        if (byteLength % sectorBytes != 0) {
            throw new DiskSizeException("a disk has whole sectors, of " + sectorBytes + " bytes here");
        }
        image.grow(byteLength);
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
    public int discardGranularity() {
        return Math.max(sectorBytes, image.discardGranularity());
    }

    @Override
    public boolean begin(Transfer transfer, TransferQueue queue) {
        return image.begin(transfer, queue);
    }
}
