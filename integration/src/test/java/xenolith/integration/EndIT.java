package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How a guest ends is the command's exit status.
class EndIT {
    @ParameterizedTest
    @EnumSource(Kernel.class)
    void poweringOffIsStatusZero(Kernel kernel) {
        Launched launched = Guest.with(kernel).run("poweroff -f");
        assertThat(launched.status()).as(launched.transcript()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void rebootingIsStatusTen(Kernel kernel) {
        Launched launched = Guest.with(kernel).run("reboot -f");
        assertThat(launched.status()).as(launched.transcript()).isEqualTo(10);
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void crashingIsStatusElevenWithAReport(Kernel kernel) {
        Launched launched = Guest.with(kernel).run("echo c >/proc/sysrq-trigger");
        assertThat(launched.status()).as(launched.transcript()).isEqualTo(11);
        assertThat(launched.stdout()).contains("Kernel panic");
        assertThat(launched.stderr()).contains("has crashed").containsIgnoringCase("rip");
    }

    @Test
    void haltingIsAnEndToo() {
        Launched launched = Guest.with(Kernel.CLOUD).run("halt -f");
        assertThat(launched.status()).as(launched.transcript()).isZero();
    }

    @Test
    void theEndOfInputIsNotTheEndOfTheGuest() {
        String output = Guest.with(Kernel.CLOUD).output("sleep 2; echo still here");
        assertThat(output).contains("still here");
    }
}
