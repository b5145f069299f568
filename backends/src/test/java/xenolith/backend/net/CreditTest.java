package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CreditTest {
    private static final long MS = 1_000_000;

    @Test
    void aPeriodGivesItsBytesAndNoMore() {
        Credit credit = new Credit(10_000, 50_000);
        assertThat(credit.take(6000, 0)).isZero();
        assertThat(credit.take(4000, 0)).isZero();
        assertThat(credit.take(1, 10 * MS)).isEqualTo(40 * MS);
        assertThat(credit.take(9_999, 50 * MS)).isZero();
        assertThat(credit.take(1, 99 * MS)).isEqualTo(MS);
    }

    @Test
    void whatIsNotUsedIsKeptForAFrameOfAnySize() {
        Credit credit = new Credit(1000, 1000);
        assertThat(credit.take(1000, 0)).isZero();
        assertThat(credit.take(65_549, 10 * MS)).isEqualTo(56 * MS);
        assertThat(credit.take(131_072, 10_000 * MS)).isZero();
        assertThat(credit.take(1, 10_000 * MS)).as("more than is ever kept").isEqualTo(MS);
    }

    @Test
    void aBigFrameHasItsTurnAmongSmallOnesOfOtherQueues() {
        Credit credit = new Credit(1000, 1000);
        credit.take(1000, 0);
        assertThat(credit.take(65_549, 0)).isEqualTo(66 * MS);
        for (int ms = 0; ms < 60; ms++) {
            assertThat(ms * MS + credit.take(60, ms * MS)).as("it goes behind the big one").isGreaterThan(65 * MS);
        }
    }

    /// A sender that always has a frame gets the rate, and never more.
    @Property
    void overTimeAsMuchPassesAsTheRateAllows(@ForAll @IntRange(min = 1, max = 1_000_000) int bytesPerPeriod,
            @ForAll @IntRange(min = 1, max = 100_000) int periodUs, @ForAll @IntRange(min = 14, max = 65_549) int frame,
            @ForAll @IntRange(max = 10_000_000) int stepNs) {
        Credit credit = new Credit(bytesPerPeriod, periodUs);
        long periodNs = periodUs * 1000L;
        long passed = 0;
        long now = 0;
        for (int i = 0; i < 1000; i++) {
            long waitNs = credit.take(frame, now);
            now += waitNs;
            passed += frame;
            assertThat(passed).isLessThanOrEqualTo(Math.max(131_072, bytesPerPeriod) + (now / periodNs + 1) * bytesPerPeriod);
            if (waitNs > 0) {
                assertThat(passed).as("no longer than need be")
                        .isGreaterThan((now / periodNs - 1 - i * (stepNs / periodNs + 1)) * bytesPerPeriod);
            }
            now += stepNs;
        }
    }

    @Test
    void withoutALimitNothingWaits() {
        Credit credit = Credit.unlimited();
        for (int i = 0; i < 1000; i++) {
            assertThat(credit.take(65_549, i * MS)).isZero();
        }
    }

    @Test
    void anotherRateHoldsFromThenOn() {
        Credit credit = Credit.unlimited();
        assertThat(credit.take(1 << 20, 0)).isZero();
        credit.change(1000, 50_000);
        assertThat(credit.take(1000, 7 * MS)).as("nothing of what was left without a limit").isZero();
        assertThat(credit.take(1, 7 * MS)).isEqualTo(50 * MS);
        credit.lift();
        assertThat(credit.take(1 << 20, 8 * MS)).isZero();
    }

    @Test
    void whoHasPaidAtOneRateCanSeeThatItIsAnother() {
        Credit credit = new Credit(1000, 3_600_000_000L);
        assertThat(credit.take(1000, 0)).isZero();
        assertThat(credit.take(1, 0)).isEqualTo(3_600_000 * MS);
        int before = credit.rates();
        credit.lift();
        assertThat(credit.rates()).isNotEqualTo(before);
        assertThat(credit.take(1, 0)).isZero();
    }

    @Test
    void aRateOfNothingIsAMistake() {
        assertThatThrownBy(() -> new Credit(0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
