package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Stock kernels use network interfaces of ours with their own driver, and meet the host there.
class NetIT {
    private static final String UP = """
            insmod /xen-netfront.ko
            while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
            ip addr add 10.9.0.2/24 dev eth0
            ip link set eth0 up
            """;
    /// `netbench` compares each byte that TCP brings with what was sent.
    private static final String TRY = """
            until ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
            ping -q -c 3 -i 0.1 10.9.0.1 | grep loss
            netbench send 10.9.0.1 5001 1 && netbench receive 10.9.0.1 5001 1 || exit 1
            """;

    @TempDir
    private Path folder;
    private Namespace host;
    private Path netbench;

    @BeforeEach
    void aHostOfItsOwn() {
        Host.requireGuests(Kernel.CLOUD);
        host = Namespace.create();
        netbench = folder.resolve("netbench");
        Launched made = Launched.command(List.of(Host.requireProgram("gcc", "gcc"), "-O2", "-o", netbench.toString(),
                Host.root().resolve("bench/netbench.c").toString()), null);
        assertThat(made.status()).as(made.transcript()).isZero();
        host.starts(netbench.toString(), "serve", "5001");
    }

    @AfterEach
    void theHostGoes() {
        if (host != null) {
            host.close();
        }
    }

    private Guest guest(Kernel kernel, String nic, String... options) {
        return Guest.with(kernel).module("xen-netfront.ko").startedBy(host.command()).options("--audit")
                .options("--nic", nic).options(options);
    }

    private static double number(String output, String name) {
        Matcher matcher = Pattern.compile("netbench " + name + " ([0-9.]+) ").matcher(output);
        assertThat(matcher.find()).as("%s in %s", name, output).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    /// A stock kernel lets go of an interface before it unloads the driver, and waits 5 seconds for that.
    @Test
    void aGuestTalksToTheHostThroughATapAndLoadsItsDriverAgain() {
        String output = guest(Kernel.CLOUD, "tap=xlt0,hostip=10.9.0.1/24,mac=00:16:3e:11:22:33").output(UP + TRY + """
                cat /sys/class/net/eth0/address
                for i in 1 2; do
                    echo vif-0 >/sys/bus/xen/drivers/vif/unbind && rmmod xen-netfront || exit 1
                """ + UP + """
                    until ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
                    echo again $i
                done
                netbench send 10.9.0.1 5001 1
                """);
        assertThat(output).contains(" 0% packet loss", "00:16:3e:11:22:33", "again 2");
        System.out.println("a guest's TCP: %.0f Mbit/s out, %.0f Mbit/s in".formatted(number(output, "send"),
                number(output, "receive")));
    }

    @Test
    void twoVcpusUseTwoQueuesAndBigFrames() throws IOException {
        Path stats = folder.resolve("stats.json");
        String output = guest(Kernel.CLOUD, "tap=xlt0,hostip=10.9.0.1/24,mtu=9000", "--vcpus", "2", "--stats",
                stats.toString()).output(UP + "ip link set eth0 mtu 9000\n" + TRY + """
                        ping -q -c 3 -i 0.1 -s 8000 10.9.0.1 | grep loss
                        ls /sys/class/net/eth0/queues
                        netbench send 10.9.0.1 5001 1 4 && netbench receive 10.9.0.1 5001 1 4
                        """);
        assertThat(output).contains("rx-0  rx-1  tx-0  tx-1").doesNotContain("100% packet loss");
        assertThat(Files.readString(stats)).contains("\"vif0\"").contains("\"tx_errors\" : 0").contains("\"rx_errors\" : 0");
    }

    @Test
    void theGenericKernelMeetsABridge() {
        host.does("ip", "link", "add", "br0", "type", "bridge");
        host.does("ip", "addr", "add", "10.9.0.1/24", "dev", "br0");
        host.does("ip", "link", "set", "br0", "up");
        assertThat(guest(Kernel.GENERIC, "bridge=br0,vifname=xlt1,ip=10.9.0.2").output(UP + TRY)).contains(" 0% packet loss");
    }

    @Test
    void anInterfaceThatTheHostTakesDownComesBackAndOneThatItTakesAwayHarmsNobody() {
        host.starts("sh", "-c", netbench
                + " await 5002; ip link set xlt0 down; sleep 2; ip link set xlt0 up; " + netbench
                + " await 5003; ip link del xlt0");
        String output = guest(Kernel.CLOUD, "tap=xlt0,hostip=10.9.0.1/24").output(UP + TRY + """
                echo | nc 10.9.0.1 5002
                while ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
                echo lost
                until ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
                echo found
                ip link set eth0 down; ip link set eth0 up
                """ + TRY + """
                echo | nc 10.9.0.1 5003
                while ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
                echo gone
                """);
        assertThat(output).contains("lost\nfound\n", "gone\n");
    }

    @Test
    void aRateIsKept() {
        String output = guest(Kernel.CLOUD, "tap=xlt0,hostip=10.9.0.1/24,rate=20Mb/s").output(UP + TRY + """
                netbench send 10.9.0.1 5001 3
                """);
        assertThat(number(output.substring(output.lastIndexOf("netbench send")), "send")).isLessThan(25);
    }

    @Test
    void whatAnInterfaceCannotBeAttachedToIsToldInALine() {
        host.does("ip", "tuntap", "add", "dev", "xlp0", "mode", "tap");
        isRefused("bridge=nosuch", "there is no bridge nosuch");
        isRefused("bridge=lo", "lo is no bridge");
        isRefused("tap=lo", "the TAP lo cannot be had: there is an interface of that name that is no TAP");
        isRefused("tap=a-name-of-17-char", "has more than 15 characters");
    }

    private void isRefused(String nic, String reason) {
        Launched launched = host.run(Host.launcher().toString(), "run", "--kernel", Kernel.CLOUD.path().toString(),
                "--nic", nic);
        assertThat(launched.status()).as(launched.transcript()).isEqualTo(2);
        assertThat(launched.stderr().lines().filter(line -> line.contains(reason))).as(launched.stderr()).hasSize(1);
    }
}
