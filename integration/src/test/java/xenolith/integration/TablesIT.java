package xenolith.integration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Page tables and descriptor tables in uses that stock kernels do not make; see
/// `integration/guests/micro/guests/tables.c`.
class TablesIT {
    private static final int LAWS = 8;

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"plain, --vcpus 1", "linux, --no-poller --scramble-frames"})
    void tablesMayBeUsedInEveryWayThatXenAllows(String image, String options) {
        MicroGuest.of("tables", image).options(options.split(" ")).holds(LAWS);
    }
}
