package xenolith.backend.image.qcow2;

import xenolith.backend.image.qcow2.L2Entry.Kind;

/// Takes whole clusters out of an image. Nothing is allocated for it but a table's copy: where the image has nothing,
/// there is nothing to free, and the backing file goes on to show.
final class Discarder {
    private final Tables tables;
    private final Geometry geometry;
    private final Backing backing;

    Discarder(Tables tables, Backing backing) {
        this.tables = tables;
        this.geometry = tables.geometry;
        this.backing = backing;
    }

    /// Frees the clusters that lie wholly in the range. Returns 0 or `-errno`.
    int discard(long offset, long byteLength) {
        if (geometry.version() == 2 && !backing.isAbsent()) {
            // Old data would show through, for there is no way to say that a cluster is zeros.
            return 0;
        }
        long cluster = geometry.clustersFor(offset);
        long endOffset = offset + byteLength;
        long end = endOffset == tables.byteLength() ? geometry.clustersFor(endOffset)
                : endOffset >>> geometry.clusterBits();
        while (cluster < end) {
            int entry = geometry.entryOf(cluster << geometry.clusterBits());
            long tableEnd = Math.min(end, cluster - entry + geometry.entriesPerTable());
            long next = inTable(cluster, tableEnd, endOffset);
            int result = next < 0 ? (int) next : next < tableEnd ? tables.commit() : 0;
            if (result < 0) {
                return result;
            }
            cluster = next;
        }
        return 0;
    }

    /// The part that is one level-2 table's. Returns where to go on, before `end` if a commit must come first; or
    /// `-errno`.
    private long inTable(long first, long end, long endOffset) {
        tables.lock.lock();
        try {
            int index = geometry.tableOf(first << geometry.clusterBits());
            if (!tables.map.hasTable(index)) {
                return end;
            }
            long cluster = first;
            while (cluster < end && tryFree(index, cluster, endOffset)) {
                cluster++;
            }
            return cluster;
        } catch (StorageException e) {
            return tables.failed(e);
        } finally {
            tables.lock.unlock();
        }
    }

    /// Frees one cluster, unless the range, up to `endOffset`, has not all of it any more: the disk may have become longer
    /// meanwhile, and its new end been written. Returns false, and has done nothing, if a commit must come first.
    private boolean tryFree(int index, long cluster, long endOffset) throws StorageException {
        while (tables.inFlight.firstOwned(cluster, cluster + 1) == cluster) {
            tables.inFlight.await();
        }
        if ((cluster + 1 << geometry.clusterBits()) > endOffset && endOffset != tables.byteLength()) {
            return true;
        }
        int entry = geometry.entryOf(cluster << geometry.clusterBits());
        long old = tables.map.table(index).get(entry);
        Kind kind = L2Entry.kind(old, geometry);
        if (kind == Kind.UNALLOCATED || kind == Kind.ZERO && L2Entry.offset(old) == 0) {
            return true;
        }
        if (tables.isCrowded()) {
            return false;
        }
        Table table = tables.map.ownTable(index, tables.allocator, tables.frees);
        tables.frees.dropEntry(old);
        table.set(entry, geometry.version() == 2 ? 0 : L2Entry.zero());
        return true;
    }
}
