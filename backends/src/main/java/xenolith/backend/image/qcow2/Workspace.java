package xenolith.backend.image.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.posix.Iovec;

/// What one request needs while it is done; used again for others.
final class Workspace {
    /// The pieces of the request that one transfer is for.
    final Iovec part = new Iovec(Iovec.MAX_PIECES);
    final Iovec other = new Iovec(Iovec.MAX_PIECES);
    final Iovec one = new Iovec(1);
    final Extent extent = new Extent();
    final Plan plan = new Plan();
    final Decompressor decompressor;
    private final int clusterBytes;
    private MemorySegment cluster;

    Workspace(Geometry geometry) {
        clusterBytes = geometry.clusterBytes();
        decompressor = new Decompressor(geometry);
    }

    /// Room for a cluster.
    MemorySegment cluster() {
        if (cluster == null) {
            cluster = Arena.ofAuto().allocate(clusterBytes, 4096);
        }
        return cluster;
    }

    /// A range of the disk whose bytes are found in one place.
    static final class Extent {
        L2Entry.Kind kind;
        /// The entry of its first cluster.
        long entry;
        /// Of a normal one: where its first byte lies in the file.
        long hostOffset;
        long byteLength;
    }

    /// Where a piece of a write goes.
    static final class Plan {
        /// Only the bytes are to be written: the clusters are there.
        boolean inPlace;
        /// Of the first cluster; in place: of the first byte.
        long hostOffset;
        /// Bytes of the request.
        long byteLength;
        long firstCluster;
        int clusterCount;
        /// The clusters were never written: they hold zeros.
        boolean fresh;
        /// The room was set aside for this cluster of zeros before.
        boolean reused;
        /// What stood in the table for the first and the last cluster.
        long firstEntry;
        long lastEntry;
    }
}
