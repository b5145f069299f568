package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A Debian under load, the one time powered off, the other time killed with its hypervisor: its file system is sound
/// afterwards, and what the disk said to be stored is there. XENOLITH_CYCLES says how often (`./dev bench debian-cycles`).
@Timeout(7200)
class DebianCrashIT {
    private static final int LEAST_MS = 1000;
    private static final int SPREAD_MS = 9000;

    @TempDir
    private Path folder;

    private final Random random = new Random();
    private Path disk;

    @BeforeEach
    void setUp() throws IOException {
        disk = Debian.copyOfDisk(folder);
    }

    private static int cycles() {
        String count = System.getenv("XENOLITH_CYCLES");
        return count == null ? 1 : Integer.parseInt(count);
    }

    @Test
    void afterLoadAndPoweroffTheFileSystemIsSoundAndWhole() throws Exception {
        for (int cycle = 1; cycle <= cycles(); cycle++) {
            String output;
            try (Debian debian = Debian.boot(disk, "--vcpus", "2")) {
                output = loaded(debian, pauseMs());
                debian.type("poweroff");
                assertThat(debian.awaitEnd()).isZero();
            }
            Debian.assertClean(disk);
            assertWhole("poweroff", cycle, output);
        }
    }

    @Test
    void afterLoadAndKillWhatTheDiskAcknowledgedIsWhole() throws Exception {
        for (int cycle = 1; cycle <= cycles(); cycle++) {
            String output;
            try (Debian debian = Debian.boot(disk, "--vcpus", "2")) {
                output = loaded(debian, pauseMs()) + debian.kill();
            }
            repair();
            Debian.assertClean(disk);
            assertWhole("kill", cycle, output);
        }
    }

    private int pauseMs() {
        return LEAST_MS + random.nextInt(SPREAD_MS);
    }

    /// Logs in, starts the load, and lets it run for `ms` behind its first acknowledged file. What it has printed.
    private static String loaded(Debian debian, int ms) throws Exception {
        debian.login();
        debian.type("xenolith-load &");
        debian.await("ACK ");
        String first = "ACK " + debian.await("\r\n") + "\r\n";
        return first + debian.hear(ms);
    }

    /// Lets the journal be played back. More than that, and the orphans and counts that a journal leaves, is damage.
    private void repair() {
        Launched launched = Launched.command(List.of(Host.requireProgram("e2fsck", "e2fsprogs"), "-fy",
                disk.toString()), null);
        System.out.println(launched.stdout());
        assertThat(launched.status()).as(launched.transcript()).isLessThanOrEqualTo(1);
        assertThat(launched.stdout()).as(launched.transcript()).doesNotContainPattern(
                "(?i)corrupt|illegal|invalid|multiply|unattached|unconnected|deleted/unused|checksum|lost\\+found|bad ");
    }

    /// Each file that was acknowledged has the contents that were acknowledged.
    private void assertWhole(String what, int cycle, String output) throws IOException {
        Map<String, String> acknowledged = acknowledged(output);
        assertThat(acknowledged).as(output).isNotEmpty();
        Path dump = Files.createDirectories(folder.resolve(what + cycle));
        Debian.runs(Host.requireProgram("debugfs", "e2fsprogs"), "-R", "rdump /var/tmp/load/acked " + dump, disk.toString());
        for (Map.Entry<String, String> file : acknowledged.entrySet()) {
            Path stored = dump.resolve("acked").resolve(Path.of(file.getKey()).getFileName());
            assertThat(stored).as(what + " " + cycle).exists();
            assertThat(Debian.runs("/usr/bin/sha256sum", stored.toString())).startsWith(file.getValue());
        }
        Debian.runs("/bin/rm", "-r", dump.toString());
        System.out.println(what + " " + cycle + ": " + acknowledged.size() + " acknowledged files are whole");
    }

    private static Map<String, String> acknowledged(String output) {
        Map<String, String> files = new TreeMap<>();
        for (String line : output.split("\r?\n")) {
            String[] words = line.split(" ");
            if (words.length == 3 && words[0].equals("ACK") && words[2].length() == 64) {
                files.put(words[1], words[2]);
            }
        }
        return files;
    }
}
