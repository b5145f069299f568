package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// GRUB as Debian ships it for Xen's PV guests: no trap table, no callback, no xenbus. It polls its console's ring, builds
/// its own page tables, and takes the machine-to-phys array's traditional address for granted.
@Timeout(240)
class GrubIT {
    private static Path image() {
        return Host.cache().resolve("grub/grub-x86_64-xen.bin");
    }

    /// What is typed comes back with the cursor's movements between the keys, so answers must differ from questions.
    @ParameterizedTest
    @ValueSource(strings = {"--memory 64M", "--memory 32M --no-poller --scramble-frames"})
    void grubTakesCommandsAtItsPrompt(String options) throws Exception {
        Host.requireKvm();
        Host.requireFiles("GRUB for Xen", image());
        try (Conversation grub = Conversation.with(("run " + options + " --kernel " + image()).split(" "))) {
            grub.await("Welcome to GRUB!");
            grub.await("grub>");
            grub.type("echo \"hello from \"'the boot loader'\r");
            grub.await("hello from the boot loader");
            grub.type("help halt\r");
            grub.await("Usage: halt");
            grub.await("grub>");
            grub.type("cat (memdisk)/grub.cfg\r");
            grub.await("configfile /boot/grub/grub.cfg");
            grub.await("grub>");
            grub.type("halt\r");
            assertThat(grub.awaitEnd()).isZero();
        }
    }
}
