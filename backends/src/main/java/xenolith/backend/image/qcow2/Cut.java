package xenolith.backend.image.qcow2;

import java.util.Arrays;
import java.util.function.LongConsumer;

/// Clusters that nothing uses any more, and that are to be cut out of the file.
final class Cut {
    /// So many are let go of at once: the image's lock is held so long.
    static final int MOST = 256;

    private final long[] clusters = new long[MOST];
    private int count;

    void add(long cluster) {
        clusters[count++] = cluster;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void forEach(LongConsumer use) {
        Arrays.stream(clusters, 0, count).forEach(use);
    }

    /// Cuts them out, neighbours together; not under the image's lock, as the host may take long. What it cannot cut out
    /// stays: it is free for us either way. Returns how often the host was asked.
    int punch(Storage storage, int clusterBits) {
        Arrays.sort(clusters, 0, count);
        int calls = 0;
        int from = 0;
        for (int at = 1; at <= count; at++) {
            if (at == count || clusters[at] != clusters[at - 1] + 1) {
                storage.punchHole(clusters[from] << clusterBits, (long) (at - from) << clusterBits);
                calls++;
                from = at;
            }
        }
        return calls;
    }
}
