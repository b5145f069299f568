package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Each kind of kernel image boots and finds itself and its domain as `xen.h` and Xen's domain builder have it. What is
/// looked at stands in `integration/guests/micro/guests/start.c`.
class StartOfDayIT {
    private static final int LAWS = 16;
    /// A few pages, and not a whole number of them.
    private static final int INITRD_BYTES = 3 * 4096 + 123;

    @TempDir
    private Path directory;

    private MicroGuest guest(String image) {
        return MicroGuest.of("start", image);
    }

    private Path initrd() throws IOException {
        byte[] bytes = new byte[INITRD_BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((i * 7 + 3) % 251);
        }
        return Files.write(directory.resolve("initrd"), bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "linux", "high", "nobase", "section", "grub", "legacy", "legacyhigh"})
    void anImageFindsItsStartOfDay(String image) throws IOException {
        guest(image).words("initrd=" + INITRD_BYTES, "last=word").options("--initrd", initrd().toString()).holds(LAWS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux", "legacy"})
    void anImageNeedsNoInitrd(String image) {
        guest(image).words("last=word").holds(LAWS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux", "high"})
    void machineFramesMayLieInAnyOrder(String image) throws IOException {
        guest(image).words("initrd=" + INITRD_BYTES, "last=word")
                .options("--initrd", initrd().toString(), "--scramble-frames").holds(LAWS);
    }

    @Test
    void stubsAnswerAlikeWithoutAPoller() {
        guest("linux").words("last=word").options("--no-poller").holds(LAWS);
    }

    @Test
    void theHypercallPageIsLookedAtWhereThereIsOne() {
        String law = "stubs of the hypercall page preserve RCX and R11";
        assertThat(guest("legacy").words("last=word").holds(LAWS)).contains(law);
        assertThat(guest("grub").words("last=word").holds(LAWS)).doesNotContain(law);
    }
}
