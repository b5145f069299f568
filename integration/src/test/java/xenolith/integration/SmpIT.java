package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Domains under load on several vcpus. Afterwards every reference to a page is counted anew. `./dev bench soak` does the
/// same for as long as one likes.
class SmpIT {
    @ParameterizedTest
    @CsvSource({"1, 6", "2, 8", "4, 20"})
    void aDomainUnderStressStaysWholeAndSoDoOurCounts(String vcpus, String seconds) {
        Launched launched = Guest.with(Kernel.CLOUD).options("--vcpus", vcpus, "--audit")
                .run("export STRESS_SECONDS=" + seconds + "; guesttest smpstress; echo after");
        assertThat(launched.status()).as(launched.transcript()).isZero();
        assertThat(launched.stdout()).as(launched.transcript()).contains("\nsmpstress: ok", "\nafter\n");
        assertThat(launched.stderr()).as(launched.transcript()).contains("xenolith: audit: clean\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "4"})
    void timeNeverGoesBackwardsWhicheverVcpuLooksAtIt(String vcpus) {
        String output = Guest.with(Kernel.CLOUD).options("--vcpus", vcpus).output("guesttest smpclock");
        assertThat(output).contains("smpclock: ok");
    }
}
