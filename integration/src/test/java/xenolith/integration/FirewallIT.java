package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a guest sees of its interface's rules, and what they count. The other side is a second guest, on a switch.
@Timeout(300)
class FirewallIT {
    private static final String SWITCH = "fw-" + ProcessHandle.current().pid();
    private static final String UP = """
            insmod /xen-netfront.ko
            while [ ! -e /sys/class/net/eth0 ]; do sleep 0.1; done
            ip addr add %s/24 dev eth0
            ip link set eth0 up
            """;
    private static final String OTHER = UP.formatted("10.9.0.1") + """
            netbench serve 5001 & netbench serve 5002 &
            until netbench send 10.9.0.2 80 1; do sleep 0.2; done
            echo translated
            sleep 1000
            """;
    /// First it lies about its addresses; then it says what it reaches whenever that changes.
    private static final String WEB = UP.formatted("10.9.0.2") + """
            netbench serve 8080 &
            until ping -c 1 -W 1 10.9.0.1 >/dev/null; do sleep 0.1; done
            ip addr add 10.9.0.77/24 dev eth0
            ping -c 2 -W 1 -I 10.9.0.77 10.9.0.1 >/dev/null && echo "IP believed" || echo "IP not believed"
            ip addr del 10.9.0.77/24 dev eth0
            own=$(cat /sys/class/net/eth0/address)
            ip link set eth0 down; ip link set eth0 address 00:16:3e:99:99:99; ip link set eth0 up
            ping -c 2 -W 1 10.9.0.1 >/dev/null && echo "MAC believed" || echo "MAC not believed"
            ip link set eth0 down; ip link set eth0 address $own; ip link set eth0 up
            netbench send 10.9.0.1 5002 3
            shown=
            while :; do
                ping -c 1 -W 1 10.9.0.1 >/dev/null && now=ping || now=silence
                nc -w 1 10.9.0.1 5001 </dev/null >/dev/null 2>&1 && now="$now tcp" || now="$now refusal"
                [ "$now" = "$shown" ] || { shown=$now; echo "state $now"; }
            done
            """;

    @TempDir
    private Path folder;

    private static LiveGuest guest(String name, String script, String nic) throws Exception {
        Path module = Host.requireModule(Kernel.CLOUD, "xen-netfront.ko");
        return LiveGuest.startWith(name, script, List.of(module), "--memory", "256M", "--nic", nic);
    }

    private static JsonNode list(LiveGuest guest) throws Exception {
        return new ObjectMapper().readTree(guest.does("firewall", "NAME", "list", "--json"));
    }

    @Test
    void aGuestIsHeldToItsAddressesAndToRulesThatChangeWhileItRuns() throws Exception {
        Path rules = Files.writeString(folder.resolve("web.rules"), """
                # The web is elsewhere, and one port is slow.
                in nat to :8080 proto tcp dport 80
                out limit 20mbit proto tcp dport 5002
                """);
        try (LiveGuest other = guest("fw-other", OTHER, "switch=" + SWITCH);
                LiveGuest web = guest("fw-web", WEB, "switch=" + SWITCH + ",ip=10.9.0.2,rules=" + rules)) {
            other.await("translated");
            web.await("IP not believed");
            web.await("MAC not believed");
            web.await("state ping tcp");
            JsonNode before = list(web);
            assertThat(before.at("/dropped_first/foreign_ip").asLong()).isPositive();
            assertThat(before.at("/dropped_first/foreign_mac").asLong()).isPositive();
            assertThat(before.at("/rules/0/packets").asLong()).as("%s", before).isPositive();
            assertThat(before.at("/rules/0/dropped").asLong()).isZero();
            assertThat(before.at("/rules/1/dropped").asLong()).as("%s", before).isPositive();
            Matcher rate = Pattern.compile("netbench send ([0-9.]+) ").matcher(web.console());
            assertThat(rate.find()).isTrue();
            assertThat(Double.parseDouble(rate.group(1))).as("Mbit/s").isLessThan(30);

            web.does("firewall", "NAME", "add", "out", "drop", "proto", "icmp", "dst", "10.9.0.0/24");
            web.await("state silence tcp");
            web.does("firewall", "NAME", "insert", "1", "both", "drop", "proto", "tcp", "dport", "5001");
            web.await("state silence refusal");
            JsonNode after = list(web);
            assertThat(after.at("/rules/0/rule").asText()).isEqualTo("both drop proto tcp dport 5001");
            assertThat(after.at("/rules/0/dropped").asLong()).isPositive();
            assertThat(after.at("/rules/3/dropped").asLong()).isPositive();
            assertThat(after.at("/rules/1/packets").asLong()).as("counts go on")
                    .isGreaterThanOrEqualTo(before.at("/rules/0/packets").asLong());
            assertThat(web.does("firewall", "NAME", "list")).contains("in nat to :8080 proto tcp dport 80")
                    .contains("dropped before any rule");
            web.does("firewall", "NAME", "flush");
            web.awaitLast("state silence refusal", "state ping tcp");

            web.does("nic-change", "NAME", "vif0", "rate=20B/s");
            web.awaitLast("state ping tcp", "state silence refusal");
            assertThat(web.store("read", "/local/domain/0/backend/vif/1/0/rate")).isEqualTo("1,50000\n");
            assertThat(web.command("nic-change", "NAME", "vif0", "mtu=9000").status()).isEqualTo(2);
            web.does("nic-change", "NAME", "0", "rate=none");
            web.awaitLast("state silence refusal", "state ping tcp");

            Launched wrong = web.command("firewall", "NAME", "add", "out", "dorp");
            assertThat(wrong.status()).isEqualTo(2);
            assertThat(wrong.stderr()).contains("word 2, 'dorp', is no action").hasLineCount(1);
            web.does("firewall", "NAME", "load", rules.toString());
            assertThat(list(web).get("rules")).hasSize(2);
        }
    }
}
