package xenolith.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// GRUB as Debian ships it for Xen's PV guests: no trap table, no callback, no xenbus. It polls its console's ring, builds
/// its own page tables, and takes the machine-to-phys array's traditional address for granted. A kernel that it loads
/// finds a start of day that GRUB has made, not we.
@Timeout(240)
class GrubIT {
    private static final String CONFIG = """
            linux (memdisk)/vmlinuz console=hvc0 quiet
            initrd (memdisk)/initrd
            boot
            """;

    @TempDir
    private Path directory;

    private static Path grub(String file) {
        return Host.cache().resolve("grub").resolve(file);
    }

    /// What is typed comes back with the cursor's movements between the keys, so answers must differ from questions.
    @ParameterizedTest
    @ValueSource(strings = {"--memory 64M", "--memory 32M --no-poller --scramble-frames"})
    void grubTakesCommandsAtItsPrompt(String options) throws Exception {
        Path image = grub("grub-x86_64-xen.bin");
        Host.requireKvm();
        Host.requireFiles("GRUB for Xen", image);
        try (Conversation grub = Conversation.with(("run " + options + " --kernel " + image).split(" "))) {
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

    @Test
    void grubBootsAStockKernel() throws Exception {
        Host.requireGuests(Kernel.GENERIC);
        Host.requireFiles("GRUB for Xen", grub("grub-mkimage"), grub("modules/kernel.img"));
        Host.requireRuns("GRUB's maker of images", grub("grub-mkimage").toString(), "--version");
        Launched launched = Launched.of(List.of("run", "--memory", "512M", "--audit", "--kernel",
                grubWithKernel("echo booted by GRUB").toString()), null);
        assertThat(launched.stdout()).as(launched.transcript()).contains("Welcome to GRUB!", Guest.UP, "booted by GRUB",
                "SCRIPT EXIT 0");
        assertThat(launched.stderr()).as(launched.transcript()).contains("audit: clean");
        assertThat(launched.status()).as(launched.transcript()).isZero();
    }

    /// An image of GRUB whose memory disk holds a kernel, a guest image with `script`, and a configuration that boots
    /// them. The kernel is the generic one, which is packed as this GRUB can unpack it.
    private Path grubWithKernel(String script) throws Exception {
        Path disk = Files.createDirectories(directory.resolve("disk/boot/grub")).getParent().getParent();
        Files.copy(Kernel.GENERIC.path(), disk.resolve("vmlinuz"));
        GuestImage.writeWithScript(disk.resolve("initrd"), Host.cache().resolve("guests/busybox.cpio.gz"), script,
                List.of());
        Files.write(disk.resolve("boot/grub/grub.cfg"), CONFIG.getBytes(UTF_8));
        Path archive = directory.resolve("disk.tar");
        command("tar", "-C", disk.toString(), "-cf", archive.toString(), "vmlinuz", "initrd", "boot");
        Path image = directory.resolve("grub.bin");
        command(grub("grub-mkimage").toString(), "-d", grub("modules").toString(), "-O", "x86_64-xen", "-m",
                archive.toString(), "-p", "(memdisk)/boot/grub", "-o", image.toString(), "normal", "memdisk", "tar", "linux",
                "xzio");
        return image;
    }

    private static void command(String... words) {
        Launched launched = Launched.command(List.of(words), null);
        assertThat(launched.status()).as(launched.transcript()).isZero();
    }
}
