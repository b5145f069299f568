package xenolith.backend.image.qcow2;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.Set;

/// Keeps clusters that a damaged image counts as free, though its own structures lie there, from being given away.
final class Occupied {
    private static final Logger LOG = System.getLogger(Occupied.class.getName());

    private final Geometry geometry;
    private final Header header;
    private final Refcounts counts;
    private final ClusterMap map;

    Occupied(Header header, Refcounts counts, ClusterMap map) {
        this.geometry = header.geometry();
        this.header = header;
        this.counts = counts;
        this.map = map;
    }

    /// Takes out of the first `count` of `clusters` what is no free cluster. Returns how many are left.
    int strike(long[] clusters, int count) {
        if (count == 0) {
            return 0;
        }
        Set<Long> wanted = new HashSet<>();
        for (int i = 0; i < count; i++) {
            wanted.add(clusters[i]);
        }
        wanted.remove(0L);
        strikeRun(wanted, header.l1Offset(), (long) header.l1Size() * Long.BYTES);
        strikeRun(wanted, counts.tableOffset(), (long) counts.tableLength() * Long.BYTES);
        map.forEachTable(offset -> wanted.remove(offset >>> geometry.clusterBits()));
        counts.forEachBlock(offset -> wanted.remove(offset >>> geometry.clusterBits()));
        if (wanted.size() < count) {
            LOG.log(Level.WARNING, "a qcow2 image counts clusters as free that are in use; qemu-img check -r all mends it");
        }
        int left = 0;
        for (int i = 0; i < count; i++) {
            if (wanted.contains(clusters[i])) {
                clusters[left++] = clusters[i];
            }
        }
        return left;
    }

    private void strikeRun(Set<Long> wanted, long offset, long byteLength) {
        long first = offset >>> geometry.clusterBits();
        for (long i = 0; i < geometry.clustersFor(byteLength); i++) {
            wanted.remove(first + i);
        }
    }
}
