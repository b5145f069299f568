package xenolith.backend.image.qcow2;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/// References that the image has given up in memory and may not yet forget. Under the image's lock.
///
/// A cluster's count goes down when two things have come to pass: what no longer refers to it is on the storage, so that no
/// crash brings the reference back; and everybody who looked the reference up before it was dropped has finished
/// ([InFlight]). If the count is 0 then, the host cuts the cluster out of the file, for which nobody waits under the lock
/// ([Cut]); and only then it may be used for something else.
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

    /// So many may wait before somebody commits, and before whoever does lets go of all that are due.
    private static final long MANY = 1 << 16;

    private final Geometry geometry;
    private Runs dropped = new Runs();
    private final Deque<Runs> committed = new ArrayDeque<>();
    /// How many clusters are in `committed`.
    private long waiting;
    private final Set<Long> beingCut = new HashSet<>();

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

    /// Whether a commit must come first.
    boolean areMany() {
        return dropped.clusters > MANY;
    }

    /// Whether all that can be let go of must be: else what is dropped by each commit may be more than what is let go of, and
    /// the file grows for ever.
    boolean areTooMany() {
        return dropped.clusters + waiting > MANY;
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
            waiting += runs.clusters;
        });
        commit.onFailure(() -> {
            for (int i = 0; i < runs.length; i += 2) {
                dropped.add(runs.values[i], runs.values[i + 1]);
            }
        });
    }

    /// Lets go of a part of what is due, as long as there is room for changed counts. What nothing uses any more goes into
    /// `cut`, which is empty, and is nobody's until [#over]. Returns whether something was done.
    boolean settle(Refcounts counts, InFlight inFlight, Cut cut) throws StorageException {
        long left = Cut.MOST;
        while (left > 0 && !committed.isEmpty() && committed.peek().mark < inFlight.oldest()) {
            Runs runs = committed.peek();
            if (runs.length == 0) {
                committed.remove();
                continue;
            }
            if (counts.isCrowded()) {
                break;
            }
            long count = runs.values[runs.length - 1];
            long part = Math.min(count, left);
            long from = runs.values[runs.length - 2] + count - part;
            // Taken off first: were it released half and then again, a cluster might be another's by then.
            runs.values[runs.length - 1] -= part;
            runs.length -= part == count ? 2 : 0;
            left -= part;
            waiting -= part;
            release(from, part, counts, cut);
        }
        return left < Cut.MOST;
    }

    private void release(long first, long count, Refcounts counts, Cut cut) throws StorageException {
        for (long cluster = first; cluster < first + count; cluster++) {
            long references = counts.count(cluster);
            if (references > 0) {
                counts.setCount(cluster, references - 1);
            }
            if (references == 1) {
                cut.add(cluster);
                beingCut.add(cluster);
            }
        }
    }

    /// Whether it must not be used yet though its count is 0: its new contents would be cut out with the old.
    boolean isBeingCut(long cluster) {
        return !beingCut.isEmpty() && beingCut.contains(cluster);
    }

    /// The host has cut them out.
    void over(Cut cut, Allocator allocator) {
        cut.forEach(cluster -> {
            beingCut.remove(cluster);
            allocator.freed(cluster);
        });
    }
}
