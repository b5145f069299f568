package xenolith.backend.image.qcow2;

/// The sizes that an image is made of; they never change while it is open.
///
/// @param version       2 or 3: the second knows no clusters of zeros
/// @param clusterBits   logarithm of a cluster's bytes, 9 to 21
/// @param refcountOrder logarithm of a reference count's bits, 0 to 6
/// @param zstd          compressed clusters are packed by zstd, not by deflate
record Geometry(int version, int clusterBits, int refcountOrder, boolean zstd) {
    static final int MIN_CLUSTER_BITS = 9;
    static final int MAX_CLUSTER_BITS = 21;
    /// Bits 9 to 55 of an entry hold an offset.
    static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    /// The first byte that an entry cannot name.
    static final long END_OF_OFFSETS = 1L << 56;

    int clusterBytes() {
        return 1 << clusterBits;
    }

    /// Entries of a level-2 table, each for a cluster.
    int entriesPerTable() {
        return 1 << clusterBits - 3;
    }

    /// Logarithm of how many clusters' counts a refcount block holds.
    int countsPerBlockBits() {
        return clusterBits + 3 - refcountOrder;
    }

    /// Which entry of the level-1 table is for a byte of the disk.
    int tableOf(long offset) {
        return (int) (offset >>> 2 * clusterBits - 3);
    }

    /// Which entry of that level-2 table.
    int entryOf(long offset) {
        return (int) (offset >>> clusterBits) & entriesPerTable() - 1;
    }

    int offsetInCluster(long offset) {
        return (int) (offset & clusterBytes() - 1);
    }

    /// How many level-2 tables a disk of that size has.
    static long tablesFor(long byteLength, int clusterBits) {
        int shift = 2 * clusterBits - 3;
        return (byteLength >>> shift) + ((byteLength & (1L << shift) - 1) == 0 ? 0 : 1);
    }

    /// How many bytes of a disk so many level-2 tables lead to.
    long bytesOf(long tableCount) {
        return tableCount << 2 * clusterBits - 3;
    }

    /// How many clusters hold so many bytes.
    long clustersFor(long bytes) {
        return (bytes >>> clusterBits) + (offsetInCluster(bytes) == 0 ? 0 : 1);
    }
}
