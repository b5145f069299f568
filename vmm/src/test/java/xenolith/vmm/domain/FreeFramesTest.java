package xenolith.vmm.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import xenolith.vmm.guest.MachineMemory;

class FreeFramesTest {
    private static final long BASE = MachineMemory.BASE_MFN;
    private static final int FRAMES = 1100;

    /// Against the plainest search there is.
    @Property(tries = 50)
    void theLowestAlignedRunIsFound(@ForAll Random chance) {
        FreeFrames free = new FreeFrames(FRAMES);
        BitSet model = new BitSet();
        int longest = chance.nextInt(300) + 1;
        for (int i = 0; i < 300; i++) {
            int order = chance.nextInt(10);
            long found = free.find(order, Long.MAX_VALUE);
            assertThat(found).isEqualTo(expected(model, 1 << order));
            if (found >= 0 && chance.nextInt(3) == 0) {
                free.remove(found, 1L << order);
                model.clear((int) (found - BASE), (int) (found - BASE) + (1 << order));
            }
            int from = chance.nextInt(FRAMES);
            int length = Math.min(chance.nextInt(longest) + 1, FRAMES - from);
            if (model.get(from, from + length).isEmpty()) {
                free.add(BASE + from, length);
                model.set(from, from + length);
            }
        }
    }

    private static long expected(BitSet model, int count) {
        for (int i = 0; i + count <= FRAMES; i += count) {
            if (model.get(i, i + count).cardinality() == count) {
                return BASE + i;
            }
        }
        return -1;
    }

    @Test
    void aRunEndsBeforeTheLimit() {
        FreeFrames free = new FreeFrames(FRAMES);
        free.add(BASE + 8, 8);

        assertThat(free.find(3, BASE + 16)).isEqualTo(BASE + 8);
        assertThat(free.find(3, BASE + 15)).isEqualTo(-1);
    }

    @Test
    void framesAreFreedAndTakenOnce() {
        FreeFrames free = new FreeFrames(FRAMES);
        free.add(BASE, 2);

        assertThatIllegalStateException().isThrownBy(() -> free.add(BASE + 1, 1));
        assertThatIllegalStateException().isThrownBy(() -> free.remove(BASE + 1, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> free.add(BASE + FRAMES, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> free.add(BASE - 1, 1));
    }
}
