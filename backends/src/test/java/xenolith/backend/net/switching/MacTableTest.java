package xenolith.backend.net.switching;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MacTableTest {
    private static final long MINUTE_NS = 60_000_000_000L;
    private static final long MAC = 0x0216_3e12_3456L;

    private long now = -MINUTE_NS;
    private final MacTable table = new MacTable(() -> now);

    @Test
    void anAddressIsKnownForFiveMinutesAfterItsLastFrame() {
        table.learn(MAC, 3);
        now += 4 * MINUTE_NS;
        assertThat(table.lookUp(MAC)).isEqualTo(3);
        table.learn(MAC, 3);
        now += 4 * MINUTE_NS;
        assertThat(table.lookUp(MAC)).isEqualTo(3);
        now += 2 * MINUTE_NS;
        assertThat(table.lookUp(MAC)).isEqualTo(MacTable.UNKNOWN);
    }

    @Test
    void whatIsTooOldDoesNotComeBackWhenTheClockComesRound() {
        table.learn(MAC, 3);
        for (int minutes = 2; minutes < 200; minutes += 2) {
            now += 2 * MINUTE_NS;
            table.learn(MAC + 1, 4);
            assertThat(table.lookUp(MAC)).isEqualTo(minutes < 5 ? 3 : MacTable.UNKNOWN);
        }
    }

    @Test
    void addressesOfGroupsAndNoneAreNotLearned() {
        table.learn(0xffff_ffff_ffffL, 1);
        table.learn(0x0100_5e00_0001L, 1);
        table.learn(0, 1);
        assertThat(table.lookUp(0xffff_ffff_ffffL)).isEqualTo(MacTable.UNKNOWN);
        assertThat(table.lookUp(0)).isEqualTo(MacTable.UNKNOWN);
    }

    @Test
    void aFloodOfAddressesCostsTheOldOnesAtWorst() {
        for (long mac = 1; mac < 1_000_000; mac++) {
            table.learn(mac << 1 & 0xfeff_ffff_ffffL, 5);
        }
        table.learn(MAC, 7);
        assertThat(table.lookUp(MAC)).isEqualTo(7);
    }

    @Property
    void theLastPlaceOfAnAddressIsTheOneThatCounts(
            @ForAll @Size(max = 100) List<@LongRange(min = 1, max = 40) Long> macs,
            @ForAll @IntRange(max = 63) int slot) {
        MacTable fresh = new MacTable(() -> 0);
        long last = 0;
        for (long mac : macs) {
            fresh.learn(mac, (int) mac % MacTable.MAX_SLOTS);
            last = mac;
        }
        fresh.learn(last, slot);
        assertThat(fresh.lookUp(last)).isEqualTo(last == 0 ? MacTable.UNKNOWN : slot);
        fresh.forget(slot);
        assertThat(fresh.lookUp(last)).isEqualTo(MacTable.UNKNOWN);
    }
}
