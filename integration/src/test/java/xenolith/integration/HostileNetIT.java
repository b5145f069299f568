package xenolith.integration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A network frontend that does what none should hurts its own interface at worst. What it does stands in
/// `integration/guests/micro/guests/badnic.c`.
class HostileNetIT {
    private static final int LAWS = 12;
    /// Its frames come from an address that is not the interface's.
    private static final String NIC = "bridge=br0,antispoof=off";

    /// A seed that fails can be run again with the words that are printed.
    @ParameterizedTest
    @CsvSource({"1, --console stdio", "2, --no-poller"})
    void aBadFrontendHurtsNoOtherInterface(int seed, String options) {
        MicroGuest guest = MicroGuest.of("badnic").words("seed=" + seed).options(options.split(" "))
                .options("--nic", NIC, "--nic", NIC);
        try (Namespace host = Namespace.create()) {
            host.does("ip", "link", "add", "br0", "type", "bridge");
            host.does("ip", "link", "set", "br0", "up");
            guest.startedBy(host.command()).holds(LAWS);
        }
    }
}
