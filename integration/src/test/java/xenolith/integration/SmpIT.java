package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Domains under load on several vcpus. Afterwards every reference to a page is counted anew.
class SmpIT {
    /// For so long, or as the environment's XENOLITH_STRESS_SECONDS says.
    private static final String SECONDS = System.getenv().getOrDefault("XENOLITH_STRESS_SECONDS", "8");

    @ParameterizedTest
    @ValueSource(strings = {"1", "2", "4"})
    void aDomainUnderStressStaysWholeAndSoDoOurCounts(String vcpus) {
        Launched launched = Guest.with(Kernel.CLOUD).options("--vcpus", vcpus, "--audit")
                .run("export STRESS_SECONDS=" + SECONDS + "; guesttest smpstress; echo after");
        assertThat(launched.status()).as(launched.transcript()).isZero();
        assertThat(launched.stdout()).as(launched.transcript()).contains("\nsmpstress: ok", "\nafter\n");
        assertThat(launched.stderr()).as(launched.transcript()).contains("xenolith: audit: clean\n");
    }
}
