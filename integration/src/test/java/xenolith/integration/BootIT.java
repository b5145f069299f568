package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Stock kernels boot to their first process, whatever memory they get and in whatever order.
class BootIT {
    private static final String REPORT = """
            echo "release $(uname -r)"
            while read -r name value _; do [ "$name" != MemTotal: ] || echo "memory $value"; done </proc/meminfo
            nproc
            """;

    @ParameterizedTest
    @CsvSource({
        "CLOUD,128M", "CLOUD,512M", "CLOUD,2G",
        "GENERIC,128M", "GENERIC,512M", "GENERIC,2G"})
    void aKernelBootsWithTheMemoryItIsGiven(Kernel kernel, String memory) {
        String output = Guest.with(kernel).options("--memory", memory).output(REPORT);
        long kibibytes = Long.parseLong(output.replaceAll("(?s).*memory (\\d+).*", "$1"));
        long given = memory.equals("2G") ? 2048 : Long.parseLong(memory.replace("M", ""));
        assertThat(kibibytes / 1024).as(output).isBetween(given * 7 / 10 - 20, given);
    }

    @ParameterizedTest
    @CsvSource({
        "CLOUD,128M", "CLOUD,512M", "CLOUD,2G",
        "GENERIC,512M"})
    void aKernelBootsOnScrambledFrames(Kernel kernel, String memory) {
        assertThat(Guest.with(kernel).options("--memory", memory, "--scramble-frames").output(REPORT)).contains("release 6.");
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void aKernelBootsWithoutThePoller(Kernel kernel) {
        assertThat(Guest.with(kernel).options("--no-poller").output(REPORT)).contains("release 6.");
    }

    @Test
    void aKernelBootsOnItsOwnCommandLineAlone() {
        String output = Guest.with(Kernel.CLOUD).options("--exact-cmdline", "--cmdline", "console=hvc0 panic=-1")
                .output("cat /proc/cmdline");
        assertThat(output.strip()).isEqualTo("console=hvc0 panic=-1");
    }

    @Test
    void aGuestKnowsThatItRunsOnXen() {
        String output = Guest.with(Kernel.CLOUD).output("cat /sys/hypervisor/type /sys/hypervisor/guest_type; nproc");
        assertThat(output.lines()).containsExactly("xen", "PV", "1");
    }

    /// Three times, or as often as the environment's XENOLITH_BOOTS says.
    @ParameterizedTest
    @EnumSource(Kernel.class)
    void aKernelBootsEveryTime(Kernel kernel) {
        for (int boot = 1; boot <= Host.bootCount(); boot++) {
            assertThat(Guest.with(kernel).output("echo alive")).as("boot " + boot).contains("alive");
        }
    }
}
