package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The programs of `integration/guests/src` hold in a guest as they do on any Linux. One boot runs them all.
class ProgramsIT {
    private static String output;

    /// Boots at the first call. Not in a method that runs before all: when that one is skipped, no test is reported.
    private static synchronized String output() {
        if (output == null) {
            output = Guest.with(Kernel.CLOUD).run("guesttest $(guesttest names | grep -v smp); guest32; echo after")
                    .transcript();
        }
        return output;
    }

    @ParameterizedTest
    @ValueSource(strings = {"attacks", "badstack", "clock", "cow", "forks", "fp", "getppid", "ldt",
        "mprotect", "ports", "signals", "steps", "threads", "traps"})
    void theProgramHolds(String program) {
        assertThat(output()).contains("\n" + program + ": ok");
    }

    /// SYSENTER and 32-bit SYSCALL are not among them: no processor has both.
    @ParameterizedTest
    @ValueSource(strings = {"int80", "vsyscall", "signals32", "segments32", "memory32"})
    void a32BitProgramHasItsWaysIntoTheKernel(String way) {
        assertThat(output()).contains("\n" + way + ": ok");
    }

    @Test
    void theGuestLivesOnAfterThem() {
        assertThat(output()).contains("\nafter\n");
    }
}
