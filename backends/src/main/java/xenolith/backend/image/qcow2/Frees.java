package xenolith.backend.image.qcow2;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/// References that the image has given up in memory and may not yet forget. Under the image's lock.
///
/// A cluster's count goes down, and the cluster may be used for something else, when two things have come to pass: what
/// no longer refers to it is on the storage, so that no crash brings the reference back; and everybody who looked the
/// reference up before it was dropped has finished ([InFlight]).
final class Frees {
    /// Runs of clusters: first and count, in turn.
    private static final class Runs {
        long[] values = new long[16];
        int length;
        long clusters;
        long mark;

        void add(long first, long count) {
            clusters += count;
            if (length > 0 && values[length - 2] + values[length - 1] == first) {
                values[length - 1] += count;
                return;
            }
            if (length == values.length) {
                values = Arrays.copyOf(values, 2 * length);
            }
            values[length++] = first;
            values[length++] = count;
        }
    }

    /// So many may wait before somebody commits.
    private static final long MANY = 1 << 16;
    /// So many are let go of at once: their counts stand in a few blocks.
    private static final long PART = 256;

    private final Geometry geometry;
    private Runs dropped = new Runs();
    private final Deque<Runs> committed = new ArrayDeque<>();

    Frees(Geometry geometry) {
        this.geometry = geometry;
    }

    /// One reference to each of `count` clusters is gone from memory.
    void drop(long firstCluster, long count) {
        dropped.add(firstCluster, count);
    }

    /// What an entry referred to.
    void dropEntry(long entry) throws StorageException.Damaged {
        switch (L2Entry.kind(entry, geometry)) {
            case COMPRESSED -> {
                long offset = L2Entry.compressedOffset(entry, geometry);
                long last = offset + L2Entry.compressedLength(entry, geometry) - 1 >>> geometry.clusterBits();
                long first = offset >>> geometry.clusterBits();
                drop(first, last - first + 1);
            }
            case NORMAL, ZERO -> {
                if (L2Entry.offset(entry) != 0) {
                    drop(L2Entry.offset(entry) >>> geometry.clusterBits(), 1);
                }
            }
            case UNALLOCATED -> {
            }
        }
    }

    boolean areMany() {
        return dropped.clusters > MANY;
    }

    boolean isEmpty() {
        return dropped.length == 0 && committed.isEmpty();
    }

    /// A commit begins, of all that was dropped so far.
    void collect(Commit commit, InFlight inFlight) {
        Runs runs = dropped;
        if (runs.length == 0) {
            return;
        }
        dropped = new Runs();
        commit.onSuccess(() -> {
            runs.mark = inFlight.now();
            committed.add(runs);
        });
        commit.onFailure(() -> {
            for (int i = 0; i < runs.length; i += 2) {
                dropped.add(runs.values[i], runs.values[i + 1]);
            }
        });
    }

    /// Lets go of what is due, as long as there is room for changed counts. Returns whether something was done.
    boolean settle(Refcounts counts, Allocator allocator, Storage storage, InFlight inFlight) throws StorageException {
        boolean done = false;
        while (!committed.isEmpty() && committed.peek().mark < inFlight.oldest()) {
            Runs runs = committed.peek();
            while (runs.length > 0) {
                if (counts.isCrowded()) {
                    return done;
                }
                done = true;
                long count = runs.values[runs.length - 1];
                long part = Math.min(count, PART);
                long from = runs.values[runs.length - 2] + count - part;
                // Taken off first: were it released half and then again, a cluster might be another's by then.
                runs.values[runs.length - 1] -= part;
                runs.length -= part == count ? 2 : 0;
                release(from, part, counts, allocator, storage);
            }
            committed.remove();
        }
        return done;
    }

    /// Adjacent clusters that nothing uses any more are cut out of the file together.
    private void release(long first, long count, Refcounts counts, Allocator allocator, Storage storage)
            throws StorageException {
        long unusedFrom = first;
        for (long cluster = first; cluster < first + count; cluster++) {
            long references = counts.count(cluster);
            if (references > 0) {
                counts.setCount(cluster, references - 1);
            }
            if (references == 1) {
                allocator.freed(cluster);
            } else {
                punch(unusedFrom, cluster, storage);
                unusedFrom = cluster + 1;
            }
        }
        punch(unusedFrom, first + count, storage);
    }

    /// What the host cannot cut out stays: it is free for us either way.
    private void punch(long from, long to, Storage storage) {
        if (from < to) {
            storage.punchHole(from << geometry.clusterBits(), to - from << geometry.clusterBits());
        }
    }
}
