package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where the console goes.
class ConsoleIT {
    @TempDir
    Path folder;

    @Test
    void aFileGetsTheConsoleAndStandardOutputNothing() throws Exception {
        Path log = folder.resolve("console.log");
        Launched launched = Guest.with(Kernel.CLOUD).options("--console", "file:" + log).run("echo to the file");
        assertThat(launched.status()).as(launched.transcript()).isZero();
        assertThat(launched.stdout()).isEmpty();
        assertThat(Files.readString(log)).contains("Linux version", Guest.UP, "to the file");
    }

    @Test
    void aGuestOnAPtyThatNobodyReadsEndsAllTheSame() {
        Launched launched = Guest.with(Kernel.CLOUD).options("--console", "pty").run("seq 1 20000");
        assertThat(launched.status()).as(launched.transcript()).isZero();
        assertThat(launched.stderr()).contains("the console is /dev/pts/");
    }

    @Test
    void aLotOfOutputArrivesWhole() {
        String output = Guest.with(Kernel.CLOUD).output("seq 1 20000");
        assertThat(output.lines()).hasSize(20_000).endsWith("20000");
    }

    @Test
    void theKernelsFirstLinesAreThere() {
        Launched launched = Guest.with(Kernel.CLOUD).run("true");
        assertThat(launched.stdout()).contains("Linux version 6.", "Hypervisor detected: Xen PV");
    }
}
