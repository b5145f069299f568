package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What cannot be run is refused in one line with status 2, or 3 where the host is at fault; never with a stack trace.
class BadInputIT {
    @TempDir
    Path folder;

    private static void isRefused(int status, String words, String... arguments) {
        isRefused(Launched.of(List.of(arguments), null), status, words);
    }

    private static void isRefused(Launched launched, int status, String words) {
        assertThat(launched.status()).as(launched.transcript()).isEqualTo(status);
        assertThat(launched.stdout()).isEmpty();
        assertThat(launched.stderr()).startsWith("xenolith: ").endsWith("\n").hasLineCount(1)
                .containsIgnoringCase(words).doesNotContain("Exception", "\tat ");
    }

    private void kernelIsRefused(byte[] image, String words) throws Exception {
        Host.requireKvm();
        Path file = Files.write(folder.resolve("kernel"), image);
        isRefused(2, words, "run", "--kernel", file.toString());
    }

    private static byte[] cloudKernel() throws Exception {
        Host.requireGuests(Kernel.CLOUD);
        return Files.readAllBytes(Kernel.CLOUD.path());
    }

    @Test
    void anUnknownOptionIsRefused() {
        isRefused(2, "unknown option", "run", "--kernel", "/dev/null", "--nonsense");
    }

    @Test
    void aKernelThatIsNotThereIsRefused() {
        isRefused(2, "there is no kernel", "run", "--kernel", "/nonexistent/vmlinuz");
    }

    @Test
    void tooLittleOrTooMuchMemoryIsRefused() throws Exception {
        String self = Host.launcher().toString();
        isRefused(2, "too small", "run", "--kernel", self, "--memory", "1M");
        isRefused(2, "too large", "run", "--kernel", self, "--memory", "900000G");
    }

    @Test
    void whatIsNoKernelIsRefused() throws Exception {
        kernelIsRefused("This is not a kernel.\n".repeat(1000).getBytes(), "kernel");
        kernelIsRefused(new byte[0], "kernel");
        kernelIsRefused(new byte[100_000], "kernel");
    }

    @Test
    void aKernelWithoutXenSupportIsRefused() throws Exception {
        kernelIsRefused(Files.readAllBytes(Path.of(System.getProperty("java.home"), "bin/java")), "no Xen PV entry");
    }

    @Test
    void aTruncatedKernelIsRefused() throws Exception {
        byte[] whole = cloudKernel();
        for (int length : new int[] {512, 4096, whole.length / 2, whole.length - whole.length / 8}) {
            kernelIsRefused(Arrays.copyOf(whole, length), "kernel");
        }
    }

    @Test
    void aCorruptPayloadIsRefused() throws Exception {
        byte[] bytes = cloudKernel();
        for (int i = bytes.length / 2; i < bytes.length / 2 + 4096; i++) {
            bytes[i] = (byte) ~bytes[i];
        }
        kernelIsRefused(bytes, "kernel");
    }

    @Test
    void anInitrdLargerThanTheMemoryIsRefused() throws Exception {
        Host.requireGuests(Kernel.CLOUD);
        Path initrd = folder.resolve("initrd");
        try (RandomAccessFile file = new RandomAccessFile(initrd.toFile(), "rw")) {
            file.setLength(300L << 20);
        }
        isRefused(2, "initrd", "run", "--kernel", Kernel.CLOUD.path().toString(), "--initrd", initrd.toString(),
                "--memory", "256M");
    }

    @Test
    void memoryThatCannotHoldTheKernelIsRefused() {
        Host.requireGuests(Kernel.GENERIC);
        isRefused(2, "memory", "run", "--kernel", Kernel.GENERIC.path().toString(), "--memory", "32M");
    }

    /// Only root can become a user who may not open /dev/kvm.
    @Test
    void aUserWithoutPermissionForKvmIsToldSo() {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can become another user");
        assumeTrue(Files.exists(Path.of("/dev/kvm")), "there is no /dev/kvm");
        List<String> asNobody = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
        assumeTrue(Launched.command(concat(asNobody, "test", "-x", Host.launcher().toString()), null).status() == 0,
                "another user cannot read this folder");
        assumeTrue(Launched.command(concat(asNobody, "test", "-w", "/dev/kvm"), null).status() != 0,
                "every user may open /dev/kvm");
        isRefused(Launched.command(concat(asNobody, Host.launcher().toString(), "run", "--kernel",
                Host.launcher().toString()), null), 3, "permission for /dev/kvm");
    }

    private static List<String> concat(List<String> command, String... more) {
        List<String> whole = new java.util.ArrayList<>(command);
        whole.addAll(List.of(more));
        return whole;
    }
}
