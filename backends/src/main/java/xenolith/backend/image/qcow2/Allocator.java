package xenolith.backend.image.qcow2;

import xenolith.posix.Errno;

/// Finds clusters of the file that nothing uses: first those with a count of 0, then behind the end. Under the image's
/// lock.
///
/// Nothing that a crash may bring back is ever overwritten: a cluster comes here when the loss of its last reference is
/// on the storage ([Frees]).
final class Allocator {
    private static final int BATCH = 1024;
    /// How many refcount blocks one search may look at; then the file grows rather.
    private static final int MAX_SEARCHED = 1024;
    /// How many clusters behind the end may be counted as used although nothing is there.
    private static final int MAX_SKIPPED = 1 << 20;

    private final Geometry geometry;
    private final Refcounts counts;
    private final Occupied occupied;
    private final Frees frees;
    private final long[] batch = new long[BATCH];
    private int batchAt;
    private int batchEnd;
    /// No cluster before it is free, but for those of the batch.
    private long hint;
    /// No cluster from it on is in use.
    private long end;
    /// No cluster from it on has ever been written.
    private final boolean growsWithZeros;
    private boolean fresh;

    /// @param fileBytes where the file ends
    Allocator(Geometry geometry, Refcounts counts, Occupied occupied, Frees frees, long fileBytes,
            boolean growsWithZeros) {
        this.geometry = geometry;
        this.counts = counts;
        this.occupied = occupied;
        this.frees = frees;
        this.end = geometry.clustersFor(fileBytes);
        this.growsWithZeros = growsWithZeros;
    }

    /// Where the file ends or will: nothing that is in use lies behind.
    long endOffset() {
        return end << geometry.clusterBits();
    }

    /// A cluster with a count of 1. Returns its offset in the file.
    long allocate() throws StorageException {
        if (batchAt == batchEnd) {
            search();
        }
        fresh = batchAt == batchEnd;
        long cluster = fresh ? append() : batch[batchAt++];
        counts.setCount(cluster, 1);
        return cluster << geometry.clusterBits();
    }

    /// The cluster behind `hostOffset`, which was allocated last, if that is the next one to be had. It is fresh if that
    /// was.
    boolean allocateNext(long hostOffset) throws StorageException {
        long next = (hostOffset >>> geometry.clusterBits()) + 1;
        if (fresh) {
            if (next != end || !counts.hasBlock(counts.blockOf(next)) || !isFree(next)) {
                return false;
            }
            hint = hint == end ? end + 1 : hint;
            end++;
        } else if (batchAt < batchEnd && batch[batchAt] == next) {
            batchAt++;
        } else {
            return false;
        }
        counts.setCount(next, 1);
        return true;
    }

    /// Whether the cluster allocated last reads as zeros.
    boolean isFresh() {
        return fresh && growsWithZeros;
    }

    /// Takes a cluster back that nothing has come to refer to.
    void release(long hostOffset) throws StorageException {
        long cluster = hostOffset >>> geometry.clusterBits();
        counts.setCount(cluster, 0);
        freed(cluster);
    }

    private boolean isFree(long cluster) throws StorageException {
        return counts.count(cluster) == 0 && !frees.isBeingCut(cluster);
    }

    /// `cluster` is free now.
    void freed(long cluster) {
        hint = Math.min(hint, cluster);
    }

    private void search() throws StorageException {
        batchAt = 0;
        batchEnd = 0;
        for (int i = 0; i < MAX_SEARCHED && hint < end; i++) {
            int block = counts.blockOf(hint);
            long blockEnd = Math.min(end, (long) block + 1 << geometry.countsPerBlockBits());
            if (counts.hasBlock(block)) {
                while (hint < blockEnd && batchEnd < BATCH) {
                    if (isFree(hint)) {
                        batch[batchEnd++] = hint;
                    }
                    hint++;
                }
                batchEnd = occupied.strike(batch, batchEnd);
            } else {
                hint = blockEnd;
            }
            if (batchEnd > 0) {
                return;
            }
        }
        hint = end;
    }

    private long append() throws StorageException {
        for (int i = 0; i < MAX_SKIPPED; i++) {
            if (end >= Geometry.END_OF_OFFSETS >>> geometry.clusterBits()) {
                break;
            }
            int block = counts.blockOf(end);
            if (block >= counts.tableLength()) {
                long oldOffset = counts.tableOffset();
                int oldLength = counts.tableLength();
                end += counts.moveTable(end);
                frees.drop(oldOffset >>> geometry.clusterBits(), oldLength / geometry.entriesPerTable());
            } else if (!counts.hasBlock(block)) {
                counts.makeBlock(end++);
            } else if (isFree(end++)) {
                hint = hint == end - 1 ? end : hint;
                return end - 1;
            }
        }
        throw new StorageException(Errno.EFBIG, "the image cannot grow further");
    }
}
