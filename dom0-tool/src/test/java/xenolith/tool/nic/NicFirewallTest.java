package xenolith.tool.nic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.control.ControlServer;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.Json;

class NicFirewallTest {
    @TempDir
    private Path folder;

    private NicFirewall firewall(String words) {
        return NicFirewall.of(NicConfig.parse("switch=lan" + words), MacAddress.parse("00:16:3e:00:00:01"), folder);
    }

    private static List<?> rules(NicFirewall firewall) {
        return (List<?>) firewall.answer(Map.of("op", "list", "from", 1L), Path.of("/")).get("rules");
    }

    @Test
    void rulesComeFromTheInterfacesFileAndFromRequests() throws IOException {
        Files.writeString(folder.resolve("web.rules"), "# the web\n\nin allow proto tcp dport 80 # and no other\nin drop\n");
        NicFirewall firewall = firewall(",rules=web.rules");
        assertThat(rules(firewall)).hasSize(2);
        firewall.answer(Map.of("op", "insert", "number", 2L, "rule", "in allow proto icmp"), folder);
        firewall.answer(Map.of("op", "delete", "number", 1L), folder);
        firewall.answer(Map.of("op", "add", "rule", "out drop"), folder);
        assertThat(rules(firewall)).extracting(rule -> ((Map<?, ?>) rule).get("rule"))
                .isEqualTo(List.of("in allow proto icmp", "in drop", "out drop"));
        firewall.answer(Map.of("op", "load", "file", "web.rules"), folder);
        assertThat(rules(firewall)).hasSize(2);
        firewall.answer(Map.of("op", "flush"), folder);
        assertThat(rules(firewall)).isEmpty();
    }

    @Test
    void aLongListComesInPagesThatFitTheProtocol() {
        NicFirewall firewall = firewall("");
        String longest = "in limit 100gbit burst 900000000 proto tcp src 1111:1111:1111:1111:1111:1111:1111:1111/128 "
                + "dst 1111:1111:1111:1111:1111:1111:1111:1111/128 sport 10000-65535 dport 10000-65535 fragment "
                + "from-mac 00:16:3e:00:00:01 to-mac 00:16:3e:00:00:02 ethertype 0x86dd";
        Collections.nCopies(100, longest).forEach(rule -> firewall.answer(Map.of("op", "add", "rule", rule), folder));
        for (long from = 1; from <= 100; from += NicFirewall.PAGE) {
            Map<String, Object> page = firewall.answer(Map.of("op", "list", "from", from), folder);
            assertThat((List<?>) page.get("rules")).hasSize((int) Math.min(NicFirewall.PAGE, 101 - from));
            assertThat(Json.line(page).length()).isLessThan(ControlServer.MAX_LINE_BYTES);
            assertThat(page).containsEntry("total", 100);
        }
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        NicFirewall firewall = firewall("");
        assertThatThrownBy(() -> firewall.answer(Map.of("op", "add", "rule", "in dorp"), folder))
                .isInstanceOf(BadInputException.class).hasMessageContaining("word 2, 'dorp'");
        assertThatThrownBy(() -> firewall.answer(Map.of("op", "dance"), folder)).isInstanceOf(BadInputException.class);
        assertThatThrownBy(() -> firewall.answer(Map.of("op", "delete", "number", 0L), folder))
                .isInstanceOf(BadInputException.class);
        assertThatThrownBy(() -> firewall(",rules=none.rules")).isInstanceOf(BadInputException.class)
                .hasMessage("the rules " + folder + "/none.rules cannot be read: there is no such file");
        Files.writeString(folder.resolve("bad.rules"), "in drop\nin drop dport x\n");
        assertThatThrownBy(() -> firewall(",rules=bad.rules")).isInstanceOf(BadInputException.class)
                .hasMessageContaining("bad.rules, line 2: word 4, 'x', is no port");
        Files.write(folder.resolve("odd.rules"), new byte[] {(byte) 0xff, 1});
        assertThatThrownBy(() -> firewall(",rules=odd.rules")).hasMessageContaining("are not text");
        assertThatThrownBy(() -> firewall(",ip=::ffff:1.2.3.4")).isInstanceOf(BadInputException.class);
        for (String wrong : List.of("switch=../up", "switch=.x", "switch=", "switch=lan,forward=tcp:1:1",
                "user,forward=tcp", "user,antispoof=maybe", "user=x")) {
            assertThatThrownBy(() -> NicConfig.parse(wrong)).as(wrong).isInstanceOf(BadInputException.class);
        }
    }
}
