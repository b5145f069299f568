package xenolith.xenstore;

import java.util.Arrays;

/// How many nodes each domain owns. Immutable, sorted by domid; domains without nodes are not in it.
final class NodeCounts {
    static final NodeCounts NONE = new NodeCounts(new int[0], new int[0]);

    private final int[] domids;
    private final int[] counts;

    private NodeCounts(int[] domids, int[] counts) {
        this.domids = domids;
        this.counts = counts;
    }

    int of(int domid) {
        int at = Arrays.binarySearch(domids, domid);
        return at < 0 ? 0 : counts[at];
    }

    /// The counts with `delta` more for `domid`.
    NodeCounts plus(int domid, int delta) {
        if (delta == 0) {
            return this;
        }
        int at = Arrays.binarySearch(domids, domid);
        if (at < 0) {
            return inserted(-at - 1, domid, delta);
        }
        if (counts[at] + delta == 0) {
            return removed(at);
        }
        int[] changed = counts.clone();
        changed[at] += delta;
        return new NodeCounts(domids, changed);
    }

    private NodeCounts inserted(int to, int domid, int count) {
        int[] moreDomids = Arrays.copyOf(domids, domids.length + 1);
        int[] moreCounts = Arrays.copyOf(counts, counts.length + 1);
        System.arraycopy(domids, to, moreDomids, to + 1, domids.length - to);
        System.arraycopy(counts, to, moreCounts, to + 1, counts.length - to);
        moreDomids[to] = domid;
        moreCounts[to] = count;
        return new NodeCounts(moreDomids, moreCounts);
    }

    private NodeCounts removed(int at) {
        int[] fewerDomids = Arrays.copyOf(domids, domids.length - 1);
        int[] fewerCounts = Arrays.copyOf(counts, counts.length - 1);
        System.arraycopy(domids, at + 1, fewerDomids, at, fewerDomids.length - at);
        System.arraycopy(counts, at + 1, fewerCounts, at, fewerCounts.length - at);
        return new NodeCounts(fewerDomids, fewerCounts);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NodeCounts that && Arrays.equals(domids, that.domids)
                && Arrays.equals(counts, that.counts);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(domids) + Arrays.hashCode(counts);
    }

    @Override
    public String toString() {
        return Arrays.toString(domids) + "=" + Arrays.toString(counts);
    }
}
