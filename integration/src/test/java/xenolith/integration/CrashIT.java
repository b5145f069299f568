package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A guest kernel that destroys itself crashes alone, with a reason and its registers: never with an internal error, and
/// never without end. How it does so stands in `integration/guests/micro/guests/crash.c`.
class CrashIT {
    private static final int CRASHED = 11;
    /// The stub that delivers to the guest, or goes back to it, cannot.
    private static final String STUB = "trap \\d+ in a stub: .*";

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "the guest says so,                          1, the guest says that it crashed",
        "an exception without a handler,             2, exception 6 \\(.*\\) and no handler for it",
        "iret from a stack that is not mapped,       3, " + STUB,
        "iret from a stack that is no address,       4, " + STUB,
        "iret to user mode without a root for it,    5, iret to user mode without user page tables",
        "iret into the monitor,                      6, .*",
        "a root that maps nothing,                   8, " + STUB,
        "a fault with a stack that is no address,   10, " + STUB,
        "a fault with a stack that is not mapped,   11, " + STUB,
        "a fault with the monitor for a stack,      12, " + STUB,
        "a jump to the monitor's data,              13, .*",
        "a jump to the monitor's gates,             14, .*",
        "a handler that is not mapped,              15, " + STUB,
        "a hypercall and a fault with a bad stack,  16, exception 6 \\(.*\\) and no stack for it"})
    void aGuestCrashesAloneWithItsReason(String what, int how, String reason) {
        Launched launched = MicroGuest.of("crash", "linux").words("how=" + how).run();
        assertThat(launched.status()).as(launched.transcript()).isEqualTo(CRASHED);
        assertThat(launched.stderr()).as(launched.transcript()).containsPattern("the domain guest has crashed: " + reason)
                .contains("rip ").contains("last hypercalls").contains("audit: clean").doesNotContain("survived")
                .doesNotContain("internal error");
    }
}
