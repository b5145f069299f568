package xenolith.backend.image.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import xenolith.backend.image.BadImageException;

/// Takes a header apart: the specification's *Header* and *Header extensions*.
///
/// All that could make a later access leave the file, take memory without bound or mean something that we do not know is
/// refused here.
final class HeaderReader {
    private final Path path;
    private final boolean readOnly;
    private final long fileBytes;
    private final ByteBuffer bytes;
    private int headerBytes;
    private Geometry geometry;
    private long byteLength;
    private String backingFormat;
    private ByteBuffer featureNames = ByteBuffer.allocate(0);

    /// @param path      for messages
    /// @param head      the image's first bytes: a cluster's, or as many as there are
    /// @param fileBytes where the file ends
    HeaderReader(Path path, boolean readOnly, byte[] head, long fileBytes) {
        this.path = path;
        this.readOnly = readOnly;
        this.fileBytes = fileBytes;
        this.bytes = ByteBuffer.wrap(head);
    }

    private BadImageException bad(String reason) {
        return new BadImageException(path, reason);
    }

    private void require(boolean law, String otherwise) {
        if (!law) {
            throw bad("is damaged: " + otherwise);
        }
    }

    /// @throws BadImageException with what is wrong
    Header read() {
        if (bytes.limit() < Header.V2_BYTES || bytes.getInt(0) != Header.MAGIC) {
            throw bad("is no qcow2 image");
        }
        readGeometry();
        long incompatible = geometry.version() == 2 ? 0 : bytes.getLong(Header.INCOMPATIBLE);
        readExtensions();
        refuseFeatures(incompatible);
        long l1Offset = table(Header.L1_OFFSET, "level-1 table", Integer.toUnsignedLong(bytes.getInt(Header.L1_SIZE))
                * Long.BYTES, Header.MAX_L1_BYTES);
        long needed = Geometry.tablesFor(byteLength, geometry.clusterBits());
        require(needed <= Integer.toUnsignedLong(bytes.getInt(Header.L1_SIZE)), "its level-1 table is too short");
        long reftableClusters = Integer.toUnsignedLong(bytes.getInt(Header.REFTABLE_CLUSTERS));
        require(reftableClusters > 0, "it has no refcount table");
        long reftable = table(Header.REFTABLE_OFFSET, "refcount table", reftableClusters << geometry.clusterBits(),
                Header.MAX_REFTABLE_BYTES);
        int snapshots = bytes.getInt(Header.SNAPSHOT_COUNT);
        require(snapshots >= 0 && snapshots <= Header.MAX_SNAPSHOTS, "it has " + Integer.toUnsignedString(snapshots)
                + " snapshots");
        return new Header(geometry, byteLength, l1Offset, (int) needed, reftable, (int) reftableClusters, incompatible,
                geometry.version() == 2 ? 0 : bytes.getLong(Header.AUTOCLEAR), snapshots, backingFile(), backingFormat);
    }

    private void readGeometry() {
        int version = bytes.getInt(Header.VERSION);
        if (version != 2 && version != 3) {
            throw bad("is a qcow image of version " + Integer.toUnsignedString(version) + ", of which 2 and 3 are known");
        }
        int clusterBits = bytes.getInt(Header.CLUSTER_BITS);
        require(clusterBits >= Geometry.MIN_CLUSTER_BITS && clusterBits <= Geometry.MAX_CLUSTER_BITS,
                "its clusters have 2^" + Integer.toUnsignedString(clusterBits) + " bytes");
        long size = bytes.getLong(Header.SIZE);
        require(size >= 0 && Geometry.tablesFor(size, clusterBits) <= Header.MAX_L1_BYTES / Long.BYTES,
                "its disk would have " + Long.toUnsignedString(size) + " bytes");
        int order = 4;
        headerBytes = Header.V2_BYTES;
        boolean zstd = false;
        if (version == 3) {
            require(bytes.limit() >= Header.V3_BYTES, "its header is cut off");
            order = bytes.getInt(Header.REFCOUNT_ORDER);
            require(order >= 0 && order <= 6, "its reference counts have 2^" + Integer.toUnsignedString(order) + " bits");
            headerBytes = bytes.getInt(Header.HEADER_BYTES);
            require(headerBytes >= Header.V3_BYTES && headerBytes % 8 == 0 && headerBytes <= 1 << clusterBits
                    && headerBytes <= bytes.limit(), "its header has " + Integer.toUnsignedString(headerBytes) + " bytes");
            zstd = compressedByZstd();
        }
        geometry = new Geometry(version, clusterBits, order, zstd);
        byteLength = size;
    }

    private boolean compressedByZstd() {
        int type = headerBytes > Header.COMPRESSION ? bytes.get(Header.COMPRESSION) & 0xff : 0;
        boolean announced = (bytes.getLong(Header.INCOMPATIBLE) & Header.COMPRESSION_TYPE) != 0;
        require(announced == (type != 0), "its compression type contradicts its feature bits");
        if (type > 1) {
            throw bad("has clusters compressed in a way that is not known (type " + type + ")");
        }
        return type == 1;
    }

    /// Extensions follow the header, each padded to 8 bytes, up to the end marker, the backing file's name or the end of
    /// the cluster. Each takes 8 bytes at least, which bounds the loop.
    private void readExtensions() {
        int end = Math.min(bytes.limit(), geometry.clusterBytes());
        long backing = bytes.getLong(Header.BACKING_OFFSET);
        if (backing > 0 && backing < end) {
            end = (int) backing;
        }
        int at = headerBytes;
        while (at + 8 <= end) {
            int type = bytes.getInt(at);
            long length = Integer.toUnsignedLong(bytes.getInt(at + 4));
            if (type == Header.END_OF_EXTENSIONS) {
                return;
            }
            require(length <= end - at - 8, "a header extension leaves the header");
            ByteBuffer data = bytes.slice(at + 8, (int) length);
            if (type == Header.EXT_BACKING_FORMAT) {
                backingFormat = UTF_8.decode(data).toString();
            } else if (type == Header.EXT_FEATURE_NAMES) {
                featureNames = data;
            }
            at += 8 + (int) (length + 7 & -8);
        }
    }

    private void refuseFeatures(long incompatible) {
        int crypt = bytes.getInt(Header.CRYPT_METHOD);
        if (crypt != 0) {
            throw bad("is encrypted (" + (crypt == 1 ? "AES" : crypt == 2 ? "LUKS" : "method " + crypt)
                    + "), which is not supported");
        }
        if ((incompatible & Header.EXTERNAL_DATA) != 0) {
            throw bad("keeps its data in another file (external data file), which is not supported");
        }
        if ((incompatible & Header.EXTENDED_L2) != 0) {
            throw bad("has subclusters (extended L2 entries), which are not supported");
        }
        long unknown = incompatible & -(Header.EXTENDED_L2 << 1);
        if (unknown != 0) {
            throw bad("needs a feature that is not known: " + featureName(Long.numberOfTrailingZeros(unknown)));
        }
        if (readOnly) {
            return;
        }
        if ((incompatible & Header.CORRUPT) != 0) {
            throw bad("is marked corrupt; it can be read only, or mended: qemu-img check -r all " + path);
        }
        if ((incompatible & Header.DIRTY) != 0) {
            throw bad("was not closed by what wrote it last, and its reference counts may be wrong; it can be read only,"
                    + " or mended: qemu-img check -r all " + path);
        }
    }

    /// What the image itself calls a bit: the feature name table has 48 bytes for each, of which the first is the kind
    /// (0: incompatible) and the second the bit.
    private String featureName(int bit) {
        for (int at = 0; at + 48 <= featureNames.limit(); at += 48) {
            if (featureNames.get(at) == 0 && featureNames.get(at + 1) == bit) {
                String name = UTF_8.decode(featureNames.slice(at + 2, 46)).toString();
                int zero = name.indexOf(0);
                return printable(zero < 0 ? name : name.substring(0, zero)) + " (bit " + bit + ")";
            }
        }
        return "bit " + bit;
    }

    static String printable(String text) {
        return text.replaceAll("[^\\x20-\\x7e]", "?");
    }

    private long table(int field, String what, long byteLength, long maxBytes) {
        long offset = bytes.getLong(field);
        require(byteLength <= maxBytes, "its " + what + " has " + byteLength + " bytes");
        if (byteLength == 0) {
            return 0;
        }
        require(offset >= geometry.clusterBytes() && geometry.offsetInCluster(offset) == 0,
                "its " + what + " is at " + Long.toUnsignedString(offset));
        require(offset <= fileBytes && byteLength <= fileBytes - offset, "its " + what + " is cut off");
        return offset;
    }

    private String backingFile() {
        long offset = bytes.getLong(Header.BACKING_OFFSET);
        long length = Integer.toUnsignedLong(bytes.getInt(Header.BACKING_SIZE));
        if (offset == 0) {
            return null;
        }
        int end = Math.min(bytes.limit(), geometry.clusterBytes());
        require(length > 0 && length <= Header.MAX_BACKING_NAME && offset >= headerBytes && offset <= end
                && length <= end - offset, "the name of its backing file leaves the header");
        return UTF_8.decode(bytes.slice((int) offset, (int) length)).toString();
    }
}
