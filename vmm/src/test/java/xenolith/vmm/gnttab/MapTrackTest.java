package xenolith.vmm.gnttab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import xenolith.abi.XenGrantTable;

class MapTrackTest {
    private static final int LIMIT = 200;

    @Test
    void aHandleEndsWithItsLastKind() {
        MapTrack track = new MapTrack(LIMIT);
        int handle = track.add(7, MapTrack.KINDS | XenGrantTable.GNTMAP_READONLY);
        track.drop(handle, XenGrantTable.GNTMAP_HOST_MAP);
        assertThat(track.flags(handle)).isEqualTo(XenGrantTable.GNTMAP_DEVICE_MAP | XenGrantTable.GNTMAP_READONLY);
        track.drop(handle, XenGrantTable.GNTMAP_DEVICE_MAP);
        assertThat(track.flags(handle)).isZero();
        assertThat(track.used()).isZero();
    }

    @Test
    void numbersThatAreNoHandlesHaveNoFlags() {
        MapTrack track = new MapTrack(LIMIT);
        for (int handle : new int[] {0, -1, LIMIT, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(track.flags(handle)).isZero();
        }
    }

    @Property(tries = 100)
    void handlesAreDistinctAndKeepWhatTheyWereGiven(@ForAll Random chance) {
        MapTrack track = new MapTrack(LIMIT);
        Map<Integer, Integer> model = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            if (!track.isFull() && chance.nextInt(5) != 0) {
                int handle = track.add(i, XenGrantTable.GNTMAP_HOST_MAP);
                assertThat(model.put(handle, i)).isNull();
            } else if (!model.isEmpty()) {
                int handle = model.keySet().iterator().next();
                assertThat(track.ref(handle)).isEqualTo(model.remove(handle));
                track.drop(handle, XenGrantTable.GNTMAP_HOST_MAP);
            }
            assertThat(track.used()).isEqualTo(model.size()).isLessThanOrEqualTo(LIMIT);
        }
        model.forEach((handle, ref) -> assertThat(track.ref(handle)).isEqualTo(ref));
    }
}
