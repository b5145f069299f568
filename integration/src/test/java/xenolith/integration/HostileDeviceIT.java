package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A disk's process that means harm, `integration/guests/hostile/device.c`: its guest goes on, but for that disk.
@Timeout(value = 150, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileDeviceIT {
    private static final Path SOURCE = Host.root().resolve("integration/guests/hostile/device.c");
    private static final int MIB = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Pattern ROUND = Pattern.compile("good (\\d+)\n");
    /// What it does, one after the other, each in a connection of its own.
    private static final List<String> ATTACKS = List.of("blocks: done", "truncates: EPERM EPERM EPERM EPERM",
            "silent: done", "garbage: done", "half: done", "floods 20: done", "floods 20: done", "floods 24: done",
            "floods 17: done", "floods 26: done", "events: done", "descriptors: ", "descriptors of events: EPIPE",
            "holds: done");
    private static final String WORK = """
            insmod /xen-blkfront.ko
            while [ ! -e /dev/xvda ]; do sleep 0.1; done
            n=0
            while true; do
                n=$((n + 1))
                dd if=/dev/zero of=/dev/xvda bs=64k count=4 conv=fsync,notrunc 2>/dev/null || echo "FAILED write $n"
                echo 3 >/proc/sys/vm/drop_caches
                dd if=/dev/xvda of=/dev/null bs=64k count=4 2>/dev/null || echo "FAILED read $n"
                echo "good $n"
                sleep 0.1
            done
            """;

    @TempDir
    private Path folder;

    private Process hostile(Path socket, Path said) throws Exception {
        Path program = folder.resolve("device");
        Launched made = Launched.command(List.of(Host.requireProgram("gcc", "gcc"), "-std=gnu11", "-O1", "-Wall", "-Wextra",
                "-Wno-unused-result", "-Werror", "-o", program.toString(), SOURCE.toString()), null);
        assertThat(made.status()).as(made.transcript()).isZero();
        Process process = new ProcessBuilder(program.toString(), socket.toString()).redirectErrorStream(true)
                .redirectOutput(said.toFile()).start();
        while (!Files.exists(socket)) {
            assertThat(process.isAlive()).as("it listens").isTrue();
            Thread.sleep(5);
        }
        return process;
    }

    /// Waits for another two rounds of work on the disk that is served well.
    private static void goesOn(LiveGuest guest) throws Exception {
        int round = 0;
        Matcher matcher = ROUND.matcher(guest.console());
        while (matcher.find()) {
            round = Integer.parseInt(matcher.group(1));
        }
        guest.await("good " + (round + 2));
    }

    private static void awaitLine(LiveGuest guest, Path said, int line, String begin) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<String> lines = Files.readAllLines(said);
        while (lines.size() <= line) {
            assertThat(System.nanoTime()).as("'%s' behind%n%s%n%s", begin, lines, guest.errors()).isLessThan(deadline);
            Thread.sleep(10);
            lines = Files.readAllLines(said);
        }
        assertThat(lines.get(line)).as("%s%n%s", lines, guest.errors()).startsWith(begin);
    }

    @Test
    void whateverADisksProcessDoesTheMachineGoesOnAndCanBeEnded() throws Exception {
        Path image = Files.write(folder.resolve("disk.img"), new byte[MIB]);
        Path socket = folder.resolve("hostile.sock");
        Path said = folder.resolve("said");
        Host.requireGuests(Kernel.CLOUD);
        Process hostile = hostile(socket, said);
        try (LiveGuest guest = LiveGuest.startWith("hostile", WORK,
                List.of(Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko")), "--audit", "--disk",
                "path=" + image + ",dev=xvda")) {
            guest.await("good 1");
            guest.does("disk-attach", "NAME", "dev=xvdb,backend=unix:" + socket);
            for (int i = 0; i < ATTACKS.size(); i++) {
                awaitLine(guest, said, i, ATTACKS.get(i));
                goesOn(guest);
            }
            assertThat(guest.does("disk-list", "NAME")).contains("xvda").contains("xvdb");
            goesOn(guest);
            assertThat(hostile.isAlive()).isTrue();
            guest.does("destroy", "NAME");
            assertThat(guest.awaitEnd()).as(guest.errors()).isEqualTo(13);
            assertThat(guest.errors()).contains("breaks the protocol").contains("audit: clean")
                    .doesNotContain("a fault of ours").doesNotContain("internal error");
            assertThat(guest.console()).doesNotContain("FAILED");
        } finally {
            hostile.destroyForcibly().waitFor();
        }
    }
}
