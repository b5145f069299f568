package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Stock kernels use network interfaces that processes of their own serve, which die.
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RemoteNicIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String MAC = "00:16:3e:11:22:33";
    private static final String UP = """
            insmod /xen-netfront.ko
            while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
            ip addr add 10.9.0.2/24 dev eth0
            ip link set eth0 up
            until ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
            echo "it is up"
            """;

    @TempDir
    private Path folder;
    private Namespace host;

    @BeforeEach
    void aHostOfItsOwn() {
        Host.requireGuests(Kernel.CLOUD);
        host = Namespace.create();
        Path netbench = folder.resolve("netbench");
        Launched made = Launched.command(List.of(Host.requireProgram("gcc", "gcc"), "-O2", "-o", netbench.toString(),
                Host.root().resolve("bench/netbench.c").toString()), null);
        assertThat(made.status()).as(made.transcript()).isZero();
        host.starts(netbench.toString(), "serve", "5001");
        // Somebody else's, so that it stays when the process that uses it dies.
        host.does("ip", "tuntap", "add", "dev", "xlr0", "mode", "tap");
        host.does("ip", "addr", "add", "10.9.0.1/24", "dev", "xlr0");
        host.does("ip", "link", "set", "xlr0", "up");
    }

    @AfterEach
    void theHostGoes() {
        if (host != null) {
            host.close();
        }
    }

    private LiveGuest guest(String script, String nic) throws Exception {
        return LiveGuest.startWithin(host.command(), "remotenic", script,
                List.of(Host.requireModule(Kernel.CLOUD, "xen-netfront.ko")), "--audit", "--nic", nic);
    }

    private static void awaitErrors(LiveGuest guest, String text, int times) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (guest.errors().split(text, -1).length <= times) {
            assertThat(System.nanoTime()).as(guest.errors()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    private static void kill(ProcessHandle process) throws Exception {
        process.destroyForcibly();
        process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /// `netbench` compares each byte that TCP brings with what was sent.
    @Test
    void connectionsOutliveKillsOfTheInterfacesProcessAndCarryEveryByte() throws Exception {
        String work = UP + """
                ok=0
                netbench send 10.9.0.1 5001 4 && netbench receive 10.9.0.1 5001 4 && ok=1
                ping -q -c 5 -i 0.1 10.9.0.1 | grep loss
                dmesg | grep -i "bad id\\|netfront.*error\\|rx->offset" && echo "FAILED kernel"
                echo "ok=$ok"
                """;
        try (LiveGuest guest = guest(work, "tap=xlr0,mac=" + MAC + ",backend=process")) {
            guest.await("it is up");
            assertThat(guest.does("nic-list", "NAME", "--json")).containsPattern("\"tx_frames\" : [1-9]");
            int kills = 0;
            while (!guest.console().contains("ok=") && kills < 5) {
                ProcessHandle server = guest.process().toHandle().children().filter(ProcessHandle::isAlive).findFirst()
                        .orElseThrow();
                Thread.sleep(700 + 100 * kills);
                kill(server);
                kills++;
                awaitErrors(guest, "another process serves it", kills);
            }
            assertThat(guest.awaitEnd()).as("%s%n%s", guest.console(), guest.errors()).isZero();
            assertThat(guest.console()).contains("ok=1", " 0% packet loss").doesNotContain("FAILED");
            assertThat(guest.errors()).contains("audit: clean").doesNotContain("internal error");
            assertThat(kills).isGreaterThan(1);
            guest.console().lines().filter(line -> line.startsWith("netbench ")).forEach(System.out::println);
        }
    }

    @Test
    void somebodyElsesProcessServesAnInterfaceToo() throws Exception {
        Path socket = folder.resolve("nic.sock");
        host.starts(Host.launcher().toString(), "backend", "--socket", socket.toString(), "--nic", "tap=xlr0,mac=" + MAC);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!Files.exists(socket)) {
            assertThat(System.nanoTime()).as("it listens").isLessThan(deadline);
            Thread.sleep(10);
        }
        try (LiveGuest guest = guest(UP + "ping -q -c 3 -i 0.1 10.9.0.1 | grep loss\n",
                "backend=unix:" + socket + ",mac=" + MAC)) {
            assertThat(guest.awaitEnd()).as("%s%n%s", guest.console(), guest.errors()).isZero();
            assertThat(guest.console()).contains(" 0% packet loss");
            assertThat(guest.errors()).contains("audit: clean");
        }
    }
}
