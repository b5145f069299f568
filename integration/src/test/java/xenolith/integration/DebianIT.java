package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A Debian as users have it: its own kernel and initramfs, systemd, and its root on a disk.
@Timeout(300)
class DebianIT {
    @TempDir
    private Path folder;

    @Test
    void aDebianBootsFromItsDiskWorksAndPowersOff() throws Exception {
        Path disk = Debian.copyOfDisk(folder);
        try (Debian debian = Debian.boot(disk)) {
            debian.login().assertRunning();
            assertThat(debian.output("findmnt -no SOURCE /")).isEqualTo("/dev/xvda\n");
            assertThat(debian.output("cat /proc/1/comm; nproc")).isEqualTo("systemd\n1\n");
            assertThat(debian.output("systemd-detect-virt || true")).isEqualTo("xen\n");
            assertRandomNumbersAreReadyAtOnce(debian);
            debian.output("echo stays >/root/note");
            debian.assertKernelSound();
            debian.type("poweroff");
            assertThat(debian.awaitEnd()).isZero();
        }
        Debian.assertClean(disk);
        assertThat(Debian.runs(Host.requireProgram("debugfs", "e2fsprogs"), "-R", "cat /root/note", disk.toString()))
                .isEqualTo("stays\n");
    }

    /// Nothing but the processor gives a PV guest randomness; where it does, no process has to wait for it.
    private static void assertRandomNumbersAreReadyAtOnce(Debian debian) throws Exception {
        if (debian.output("grep -cw rdrand /proc/cpuinfo || true").equals("1\n")) {
            assertThat(debian.output("dmesg | grep -oE 'crng init done|Run /init' | head -n 1")).isEqualTo("crng init done\n");
        }
    }

    /// systemd and udev go along with what is asked of the guest from outside.
    @Test
    void aDebianWithTwoVcpusDoesWhatItIsAskedFromOutside() throws Exception {
        Path disk = Debian.copyOfDisk(folder);
        try (Debian debian = Debian.boot(disk, "--vcpus", "2")) {
            debian.login().assertRunning();
            assertThat(debian.output("nproc")).isEqualTo("2\n");
            asks(debian, "vcpu-set", "1");
            debian.output("while [ $(nproc) != 1 ]; do sleep 0.1; done");
            asks(debian, "vcpu-set", "2");
            debian.output("while [ $(nproc) != 2 ]; do sleep 0.1; done");
            asks(debian, "mem-set", "384M");
            debian.output("while [ $(awk '/MemTotal/ { print $2 }' /proc/meminfo) -gt 390000 ]; do sleep 0.1; done");
            debian.assertRunning();
            debian.assertKernelSound();
            asks(debian, "shutdown");
            assertThat(debian.awaitEnd()).isZero();
        }
        Debian.assertClean(disk);
    }

    /// GRUB reads the disk with a driver of its own and closes it, then the kernel's driver opens it again.
    @Test
    void grubFindsADebianOnItsDiskAndBootsIt() throws Exception {
        Path grub = Host.cache().resolve("grub/grub-x86_64-xen.bin");
        Host.requireFiles("GRUB for Xen", grub);
        String debugfs = Host.requireProgram("debugfs", "e2fsprogs");
        Path disk = Debian.copyOfDisk(folder);
        Path kernel = folder.resolve("vmlinux");
        UnpackedKernel.write(Debian.file("vmlinuz"), kernel);
        Path config = Files.writeString(folder.resolve("grub.cfg"), """
                linux /boot/vmlinux root=/dev/xvda ro console=hvc0 quiet by=grub
                initrd /initrd.img
                boot
                """);
        Path commands = Files.writeString(folder.resolve("commands"), "cd /boot\nwrite " + kernel + " vmlinux\n"
                + "mkdir grub\ncd grub\nwrite " + config + " grub.cfg\n");
        Debian.runs(debugfs, "-w", "-f", commands.toString(), disk.toString());
        try (Debian debian = Debian.bootBy(List.of(), disk, List.of("--kernel", grub.toString()))) {
            debian.login().assertRunning();
            assertThat(debian.output("cat /proc/cmdline")).contains("by=grub");
            debian.assertKernelSound();
            debian.type("poweroff");
            assertThat(debian.awaitEnd()).isZero();
        }
        Debian.assertClean(disk);
    }

    private static void asks(Debian debian, String verb, String... words) {
        String[] command = new String[words.length + 3];
        command[0] = Host.launcher().toString();
        command[1] = verb;
        command[2] = debian.name();
        System.arraycopy(words, 0, command, 3, words.length);
        Debian.runs(command);
    }
}
