package xenolith.backend.blk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BlkPaceTest {
    private final BlkPace pace = new BlkPace();

    @Test
    void aLoneRequestIsSeldomKeptWaiting() {
        int held = 0;
        for (int i = 0; i < 160; i++) {
            if (pace.holds()) {
                held++;
                pace.gainedNothing();
            }
        }
        assertThat(held).isEqualTo(10);
    }

    @Test
    void aCrowdIsHeldAgainAndAgain() {
        while (!pace.holds()) {
            pace.gained();
        }
        pace.gained();
        for (int i = 0; i < 100; i++) {
            assertThat(pace.holds()).isTrue();
            pace.gained();
        }
        for (int i = 0; i < 4; i++) {
            assertThat(pace.holds()).isTrue();
            pace.gainedNothing();
        }
        assertThat(pace.holds()).as("it has gained nothing for a while").isFalse();
    }

    @Test
    void aRingIsLookedAtForAsLongAsRequestsComeSoon() {
        assertThat(pace.lookNs()).isZero();
        long now = 0;
        for (int i = 0; i < 10; i++) {
            pace.sleeps(now);
            now += 20_000;
            pace.woken(now);
        }
        assertThat(pace.lookNs()).isEqualTo(BlkPace.LONGEST_LOOK_NS);
        for (int i = 0; i < 10; i++) {
            pace.sleeps(now);
            now += 500_000;
            pace.woken(now);
        }
        assertThat(pace.lookNs()).as("they come too late now").isZero();
    }

    @Test
    void aThreadWaitsForHalfOfManyTransfersAndForOneOfFew() {
        assertThat(BlkPace.atOnce(1)).isOne();
        assertThat(BlkPace.atOnce(7)).isOne();
        assertThat(BlkPace.atOnce(8)).isEqualTo(4);
        assertThat(BlkPace.atOnce(31)).isEqualTo(15);
        assertThat(BlkPace.atOnce(BlkRuns.MOST_REQUESTS)).isEqualTo(BlkPace.MOST_HELD);
    }
}
