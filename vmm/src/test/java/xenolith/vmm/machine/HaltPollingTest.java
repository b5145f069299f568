package xenolith.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HaltPollingTest {
    private final HaltPolling polling = new HaltPolling();

    private void waits(int times, long ns) {
        for (int i = 0; i < times; i++) {
            polling.waited(ns);
        }
    }

    @Test
    void aVcpuThatHasNotWaitedSleepsAtOnce() {
        assertThat(polling.lookNs()).isZero();
    }

    @Test
    void shortWaitsAreLookedForAndNoLongerThanTheyTake() {
        waits(20, 100_000);
        assertThat(polling.lookNs()).isBetween(100_000L, 200_000L);
    }

    @Test
    void theLookHasABound() {
        waits(100, HaltPolling.LONGEST_NS);
        assertThat(polling.lookNs()).isEqualTo(HaltPolling.LONGEST_NS);
    }

    @Test
    void aFewLongWaitsEndIt() {
        waits(20, 250_000);
        waits(5, 4_000_000);
        assertThat(polling.lookNs()).isZero();
    }

    @Test
    void oneLongWaitAmongManyShortOnesDoesNot() {
        waits(20, 100_000);
        waits(1, 4_000_000);
        waits(1, 100_000);
        assertThat(polling.lookNs()).isGreaterThanOrEqualTo(100_000L);
    }
}
