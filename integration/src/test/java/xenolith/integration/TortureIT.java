package xenolith.integration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every hypercall with every sub-operation and arguments of any kind gets an answer of Xen's, and the guest goes on. What
/// is called, and what is left out, stands in `integration/guests/micro/guests/torture.c`.
class TortureIT {
    private static final int LAWS = 5;

    /// A seed that fails can be run again, for longer, with the words that are printed.
    @ParameterizedTest
    @CsvSource({"1, 1, --console stdio", "2, 1, --no-poller --scramble-frames", "3, 2, --no-poller"})
    void anyHypercallIsAnswered(int seed, int vcpus, String options) {
        MicroGuest.of("torture", "linux").words("seed=" + seed, "cpus=" + vcpus, "calls=300000", "seconds=5")
                .options("--vcpus", "" + vcpus).options(options.split(" ")).holds(LAWS);
    }
}
