package xenolith.backend.image.qcow2;

/// What stands in an entry of a level-2 table, for a cluster of the disk (the specification's *L2 table entry*).
final class L2Entry {
    /// Exactly one reference to what it names: that may be written in place. Of level-1 entries too.
    static final long COPIED = 1L << 63;
    private static final long COMPRESSED = 1L << 62;
    private static final long ZERO = 1;
    private static final long RESERVED = ~(COPIED | Geometry.OFFSET_MASK | ZERO);

    /// What a cluster is.
    enum Kind {
        /// What the backing file has there, or zeros.
        UNALLOCATED,
        /// Zeros; room may have been set aside for it.
        ZERO,
        NORMAL,
        COMPRESSED
    }

    private L2Entry() {
    }

    static Kind kind(long entry, Geometry geometry) throws StorageException.Damaged {
        if ((entry & COMPRESSED) != 0) {
            if (entry < 0) {
                throw new StorageException.Damaged("a compressed cluster is marked as written in place");
            }
            return Kind.COMPRESSED;
        }
        if ((entry & RESERVED) != 0 || (entry & ZERO) != 0 && geometry.version() == 2
                || geometry.offsetInCluster(entry & Geometry.OFFSET_MASK) != 0) {
            throw new StorageException.Damaged("an entry for a cluster is " + Long.toHexString(entry));
        }
        if ((entry & ZERO) != 0) {
            return Kind.ZERO;
        }
        return offset(entry) == 0 ? Kind.UNALLOCATED : Kind.NORMAL;
    }

    /// Where a cluster that is not compressed lies, or 0.
    static long offset(long entry) {
        return entry & Geometry.OFFSET_MASK;
    }

    static boolean isOurs(long entry) {
        return entry < 0;
    }

    static long normal(long hostOffset) {
        return hostOffset | COPIED;
    }

    static long zero() {
        return ZERO;
    }

    /// First byte of a compressed cluster, anywhere in the image.
    static long compressedOffset(long entry, Geometry geometry) {
        return entry & (1L << offsetBits(geometry)) - 1;
    }

    /// Room that the compressed bytes take, to the end of a sector; they may be fewer.
    static int compressedLength(long entry, Geometry geometry) {
        long sectors = (entry & COMPRESSED - 1) >>> offsetBits(geometry);
        return (int) ((sectors + 1) * 512 - (compressedOffset(entry, geometry) & 511));
    }

    /// The most that [#compressedLength] may be.
    static int maxCompressedLength(Geometry geometry) {
        return 512 << geometry.clusterBits() - 8;
    }

    private static int offsetBits(Geometry geometry) {
        return 62 - (geometry.clusterBits() - 8);
    }
}
