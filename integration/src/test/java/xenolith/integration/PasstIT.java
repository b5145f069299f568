package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest on the host's own connections by passt, on a host without any other network.
@Timeout(300)
class PasstIT {
    /// Takes the address that passt gives, as a guest's own tools would.
    private static final String UP = """
            insmod /xen-netfront.ko
            while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
            ip link set eth0 up
            cat >/lease <<'END'
            #!/bin/sh
            [ "$1" = bound ] || exit 0
            ip addr add $ip/$mask dev $interface
            ip route add default via $router
            [ -z "$mtu" ] || ip link set $interface mtu $mtu
            END
            chmod +x /lease
            udhcpc -i eth0 -n -q -f -s /lease >/dev/null 2>&1 || exit 1
            ip -4 addr show dev eth0
            """;

    private Namespace host;
    private Path folder;

    @BeforeEach
    void aHostWithAnAddress() {
        Host.requireGuests(Kernel.CLOUD);
        folder = Host.cache().resolve("passt");
        Host.requireFiles("passt", folder.resolve("passt"));
        host = Namespace.create();
        host.does("ip", "link", "add", "br0", "type", "bridge");
        host.does("ip", "addr", "add", "10.77.0.2/24", "dev", "br0");
        host.does("ip", "link", "set", "br0", "up");
        host.does("ip", "route", "add", "default", "via", "10.77.0.1");
    }

    @AfterEach
    void theHostGoes() {
        if (host != null) {
            host.close();
        }
    }

    private Guest guest(String nic) {
        List<String> before = new ArrayList<>(host.command());
        before.addAll(List.of("env", "PATH=" + folder + ":" + System.getenv("PATH")));
        return Guest.with(Kernel.CLOUD).module("xen-netfront.ko").startedBy(before).options("--memory", "256M", "--audit",
                "--nic", nic);
    }

    private Path netbench() throws Exception {
        Path program = Files.createTempFile("netbench", "");
        program.toFile().deleteOnExit();
        Launched made = Launched.command(List.of(Host.requireProgram("gcc", "gcc"), "-O2", "-o", program.toString(),
                Host.root().resolve("bench/netbench.c").toString()), null);
        assertThat(made.status()).as(made.transcript()).isZero();
        return program;
    }

    /// What the guest calls its router is the host, to itself. Where Debian 12's passt has dropped the end of a
    /// stream it never sends it again, and resets the connection after 16 seconds: now and then, though it has room for
    /// megabytes. So there are three tries.
    @Test
    void aGuestReachesTheHostAndIsReachedByAForward() throws Exception {
        Path netbench = netbench();
        host.starts(netbench.toString(), "serve", "5001");
        host.starts("sh", "-c", "until " + netbench + " send 127.0.0.1 2222 1; do sleep 0.3; done; " + netbench
                + " send 127.0.0.1 2223 1");
        String output = guest("user,forward=tcp:2222:5002,forward=tcp:127.0.0.1:2223:5003").output(UP + """
                netbench serve 5002 &
                netbench send 10.77.0.1 5001 1 || exit 1
                for i in 1 2 3; do ! netbench receive 10.77.0.1 5001 1 || break; done
                netbench await 5003
                echo reached
                """);
        assertThat(output).contains("inet 10.77.0.2/24", "netbench send", "netbench receive", "reached");
        System.out.println("by passt: " + output.lines().filter(line -> line.startsWith("netbench")).toList());
    }

    /// The guest's kernel takes address and route from passt's router advertisements, of the host's own prefix.
    @Test
    void aGuestReachesTheHostByIpv6WhereTheHostHasIt() {
        host.does("ip", "addr", "add", "fd77::2/64", "dev", "br0", "nodad");
        host.does("ip", "-6", "route", "add", "default", "via", "fd77::1", "dev", "br0");
        host.starts(Host.requireProgram("perl", "perl"), "-MIO::Socket::IP", "-e", """
                $s = IO::Socket::IP->new(LocalHost => "::", V6Only => 1, LocalPort => 5001, Listen => 5) or die $!;
                while ($c = $s->accept) { print $c "by IPv6\n"; close $c }""");
        String output = guest("user").output("""
                insmod /xen-netfront.ko
                while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
                ip link set eth0 up
                until ip -6 route | grep -q default; do sleep 0.1; done
                ip -6 addr show dev eth0 scope global
                until echo | nc -w 5 fd77::1 5001 | grep IPv6; do sleep 0.2; done
                """);
        assertThat(output).contains("inet6 fd77::", "by IPv6");
    }

    /// Mostly before the guest begins: then it does not begin.
    @Test
    void aPortThatCannotBeForwardedIsSaid() throws Exception {
        Path netbench = netbench();
        host.starts(netbench.toString(), "serve", "2222");
        host.does("sh", "-c", "until " + netbench + " send 127.0.0.1 2222 1; do sleep 0.1; done");
        Launched launched = guest("user,forward=tcp:2222:22").run("true");
        assertThat(launched.stderr()).as(launched.transcript()).contains("its process ended with status 1: ");
    }
}
