package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Guests on a switch between domains.
@Timeout(300)
class SwitchIT {
    private static final String NAME = "it-" + ProcessHandle.current().pid();

    private static String up(int host) {
        return """
                insmod /xen-netfront.ko
                while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
                ip addr add 10.9.0.%d/24 dev eth0
                ip link set eth0 up
                """.formatted(host);
    }

    private static LiveGuest server(String name) throws Exception {
        Path module = Host.requireModule(Kernel.CLOUD, "xen-netfront.ko");
        LiveGuest server = LiveGuest.startWith(name, up(1) + "netbench serve 5001 & echo serving; sleep 1000",
                List.of(module), "--memory", "256M", "--nic", "switch=" + NAME + ",ip=10.9.0.1");
        server.await("serving");
        return server;
    }

    private static String client(String script) {
        return Guest.with(Kernel.CLOUD).module("xen-netfront.ko")
                .options("--memory", "256M", "--audit", "--nic", "switch=" + NAME + ",ip=10.9.0.2")
                .output(up(2) + "until ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done\n" + script);
    }

    /// `netbench` compares each byte that TCP brings with what was sent.
    @Test
    void twoGuestsTalkTcpAndOneThatWasKilledIsReplaced() throws Exception {
        try (LiveGuest server = server("switch-a")) {
            String output = client("""
                    ping -q -c 5 -i 0.1 10.9.0.1
                    netbench send 10.9.0.1 5001 2 && netbench receive 10.9.0.1 5001 2 || exit 1
                    """);
            assertThat(output).contains(" 0% packet loss", "netbench send", "netbench receive");
            System.out.println("between two guests: " + output.lines().filter(line -> line.startsWith("netbench")
                    || line.contains("round-trip")).toList());
            server.process().destroyForcibly().onExit().join();
        }
        try (LiveGuest _ = server("switch-b")) {
            assertThat(client("netbench send 10.9.0.1 5001 1")).contains("netbench send");
        }
    }
}
