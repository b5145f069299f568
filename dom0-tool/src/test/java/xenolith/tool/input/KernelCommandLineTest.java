package xenolith.tool.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelCommandLineTest {
    @Test
    void ourWordsAreAddedAtTheEnd() {
        assertThat(KernelCommandLine.complete("console=hvc0", 2)).isEqualTo("console=hvc0 noreplace-smp nr_cpus=2");
        assertThat(KernelCommandLine.complete("", 1)).isEqualTo("noreplace-smp nr_cpus=1");
    }

    @Test
    void aWordThatTheCallerWroteIsLeftAlone() {
        assertThat(KernelCommandLine.complete("nr_cpus=8 quiet", 1)).isEqualTo("nr_cpus=8 quiet noreplace-smp");
        assertThat(KernelCommandLine.complete("noreplace-smp nr_cpus=1", 1)).isEqualTo("noreplace-smp nr_cpus=1");
    }

    @Test
    void aWordThatOnlyBeginsLikeOursIsAnotherWord() {
        assertThat(KernelCommandLine.complete("nr_cpus_x=3", 1)).contains(" nr_cpus=1");
    }

    @Test
    void aLineThatStartInfoCannotHoldIsRefused() {
        assertThat(KernelCommandLine.checked("x".repeat(1023))).hasSize(1023);
        assertThatThrownBy(() -> KernelCommandLine.checked("x".repeat(1024)))
                .isInstanceOf(BadInputException.class).hasMessageContaining("1024 bytes");
        assertThatThrownBy(() -> KernelCommandLine.checked("é".repeat(512)))
                .isInstanceOf(BadInputException.class).hasMessageContaining("1024 bytes");
    }
}
