package xenolith.backend.image.qcow2;

/// What an image's header says, checked.
///
/// @param geometry      sizes
/// @param byteLength    of the disk
/// @param l1Offset      where the level-1 table lies
/// @param l1Size        its entries
/// @param reftableOffset where the refcount table lies
/// @param reftableClusters how many clusters long it is
/// @param incompatible  feature bits
/// @param autoclear     feature bits that a writer who does not know them clears
/// @param snapshotCount internal snapshots
/// @param backingFile   name of the backing file as written, or null
/// @param backingFormat its format as written, or null
record Header(Geometry geometry, long byteLength, long l1Offset, int l1Size, long reftableOffset, int reftableClusters,
        long incompatible, long autoclear, int snapshotCount, String backingFile, String backingFormat) {
    static final int MAGIC = 'Q' << 24 | 'F' << 16 | 'I' << 8 | 0xfb;
    static final int V2_BYTES = 72;
    static final int V3_BYTES = 104;
    /// Offsets of fields, big-endian like all that is not data.
    static final int VERSION = 4;
    static final int BACKING_OFFSET = 8;
    static final int BACKING_SIZE = 16;
    static final int CLUSTER_BITS = 20;
    static final int SIZE = 24;
    static final int CRYPT_METHOD = 32;
    static final int L1_SIZE = 36;
    static final int L1_OFFSET = 40;
    static final int REFTABLE_OFFSET = 48;
    static final int REFTABLE_CLUSTERS = 56;
    static final int SNAPSHOT_COUNT = 60;
    static final int SNAPSHOTS_OFFSET = 64;
    static final int INCOMPATIBLE = 72;
    static final int AUTOCLEAR = 88;
    static final int REFCOUNT_ORDER = 96;
    static final int HEADER_BYTES = 100;
    static final int COMPRESSION = 104;

    static final int END_OF_EXTENSIONS = 0;
    static final int EXT_BACKING_FORMAT = 0xe2792aca;
    static final int EXT_FEATURE_NAMES = 0x6803f857;

    static final long DIRTY = 1;
    static final long CORRUPT = 1 << 1;
    static final long EXTERNAL_DATA = 1 << 2;
    static final long COMPRESSION_TYPE = 1 << 3;
    static final long EXTENDED_L2 = 1 << 4;

    static final int MAX_BACKING_NAME = 1023;
    /// Bytes of a level-1 table, as QEMU bounds it.
    static final long MAX_L1_BYTES = 32 << 20;
    static final long MAX_REFTABLE_BYTES = 8 << 20;
    static final int MAX_SNAPSHOTS = 65536;
}
