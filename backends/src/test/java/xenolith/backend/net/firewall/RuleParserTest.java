package xenolith.backend.net.firewall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RuleParserTest {
    private static void refused(String rule, String reason) {
        assertThatThrownBy(() -> RuleParser.parse(rule, 0)).as(rule).isInstanceOf(RuleSyntaxException.class)
                .hasMessageContaining(reason).hasMessageNotContaining("\n");
    }

    @Test
    void everyFormIsRead() {
        for (String rule : List.of("in allow", "both drop ethertype arp", "out drop ethertype 0x88cc",
                "out limit 10mbit", "in limit 500pps burst 20 proto icmp", "out limit 1gbit burst 1m dst 10.0.0.0/8",
                "in nat to :80 proto tcp dport 8080", "in nat to 10.0.0.5 proto udp", "in nat to [fd00::5]:22 proto tcp",
                "in nat to fd00::5 proto tcp", "in nat to [fd00::5] proto tcp", "in nat to 10.0.0.5:22 proto tcp",
                "in drop src ::/0 sport 1-1023 fragment", "in drop proto 47", "out drop to-mac ff:ff:ff:ff:ff:ff")) {
            assertThatCode(() -> RuleParser.parse(rule, 0)).as(rule).doesNotThrowAnyException();
            assertThat(RuleParser.parse("  " + rule.replace(" ", " \t "), 0).counted().text()).isEqualTo(rule);
        }
    }

    @Test
    void anErrorPointsAtItsWord() {
        refused("", "word 1, '', is no direction");
        refused("inn drop", "word 1, 'inn', is no direction");
        refused("in", "ends after 'in'; there should be allow");
        refused("in dropp", "word 2, 'dropp', is no action");
        refused("in drop dprot 25", "word 3, 'dprot', is no pattern");
        refused("in drop dport", "ends after 'dport'; there should be a port");
        refused("in drop dport 25-", "word 4, '25-', is no port");
        refused("in drop dport 30-20", "word 4, '30-20', is no port");
        refused("in drop dport 65536", "is no port");
        refused("in drop proto tpc", "word 4, 'tpc', is no protocol");
        refused("in drop proto 256", "is no protocol");
        refused("in drop src 10.0.0.256", "word 4, '10.0.0.256', is no address");
        refused("in drop src 10.0.0.0/33", "is no address");
        refused("in drop src www.example.org", "is no address");
        refused("in drop src fd00::/129", "is no address");
        refused("in drop src fd00:::1", "is no address");
        refused("in drop from-mac 02:16:3e:00:00", "is no MAC");
        refused("in drop ethertype 0x12345", "is no ethertype");
        refused("in drop proto tcp proto udp", "says proto twice");
        refused("in drop proto icmp dport 3", "only tcp and udp have ports");
        refused("in limit 10", "is no rate");
        refused("in limit 0mbit", "is no rate");
        refused("in limit 101gbit", "is no rate");
        refused("in limit 1mbit burst x", "word 5, 'x', is no burst");
        refused("in nat 10.0.0.1", "word 3, '10.0.0.1', should be 'to'");
        refused("in nat to :0 proto tcp", "word 4, ':0', is no target");
        refused("in nat to 10.0.0.1:x proto tcp", "is no target");
        refused("in nat to : proto tcp", "is no target");
        refused("in nat to :80", "needs proto tcp or proto udp");
        refused("in nat to :80 proto icmp", "needs proto tcp or proto udp");
        refused("both nat to :80 proto tcp", "word 2, 'nat', goes one way");
        refused("in nat to 10.0.0.1 proto tcp dst fd00::1", "cannot go from IPv4 to IPv6");
        refused("in drop " + "fragment ".repeat(50), "at most 40 words");
    }

    @Property(tries = 3000)
    void noWordsAreAnErrorOfOurs(@ForAll @Size(max = 6) List<String> words) {
        try {
            RuleParser.parse("in drop " + String.join(" ", words), 0);
        } catch (RuleSyntaxException e) {
            assertThat(e.getMessage()).isNotEmpty();
        }
    }
}
