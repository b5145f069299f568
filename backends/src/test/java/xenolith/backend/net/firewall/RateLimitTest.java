package xenolith.backend.net.firewall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private record Passed(long atNs, long units) {
    }

    @Property
    void noSpanOfTimeHasMoreThanTheBurstAndTheRate(@ForAll @LongRange(min = 1, max = 1_000_000_000) long rate,
            @ForAll @LongRange(min = 1, max = 10_000_000) long burst,
            @ForAll @Size(min = 1, max = 60) List<@LongRange(max = 100_000_000) Long> pausesNs,
            @ForAll @LongRange(min = 1, max = 20_000_000) long units, @ForAll long startNs) {
        RateLimit limit = new RateLimit(rate, burst, startNs);
        List<Passed> passed = new ArrayList<>();
        long now = startNs;
        for (long pause : pausesNs) {
            now += pause;
            if (limit.take(units, now)) {
                passed.add(new Passed(now, units));
            }
        }
        for (int from = 0; from < passed.size(); from++) {
            double sum = 0;
            for (int to = from; to < passed.size(); to++) {
                sum += passed.get(to).units();
                double span = (passed.get(to).atNs() - passed.get(from).atNs()) / (double) SECOND_NS;
                assertThat(sum).isLessThanOrEqualTo((burst + rate * span) * (1 + 1e-9) + 1);
            }
        }
    }

    @Property
    void whatKeepsToTheRatePasses(@ForAll @IntRange(min = 1, max = 1_000_000) int rate,
            @ForAll @IntRange(min = 1, max = 1000) int units) {
        RateLimit limit = new RateLimit(rate, units, 0);
        long now = 0;
        for (int i = 0; i < 50; i++) {
            // One nanosecond more, as costs are rounded up.
            now += units * SECOND_NS / rate + 1;
            assertThat(limit.take(units, now)).isTrue();
        }
    }

    @Test
    void theBurstPassesAtOnceAndComesBackWithTime() {
        RateLimit limit = new RateLimit(1000, 10, 0);
        int passed = 0;
        for (int i = 0; i < 20; i++) {
            passed += limit.take(1, 0) ? 1 : 0;
        }
        assertThat(passed).isEqualTo(10);
        assertThat(limit.take(1, SECOND_NS / 1000)).isTrue();
        assertThat(limit.take(1, SECOND_NS / 1000)).isFalse();
        assertThat(limit.take(10, SECOND_NS)).isTrue();
    }
}
