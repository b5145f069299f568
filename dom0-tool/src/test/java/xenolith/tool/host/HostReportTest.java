package xenolith.tool.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostReportTest {
    private static final HostInfo INFO = new HostInfo(List.of(
            new HostInfo.Fact("kvm", "api_version", "API version", "12", 12L),
            new HostInfo.Fact("kvm", "sync_regs", "SYNC_REGS", "yes", true),
            new HostInfo.Fact("costs", "exit_us", "exit", "36.5 µs", 36.5),
            new HostInfo.Fact("costs", "usable_l4_slots", "usable L4 slots", "257 to 271", List.of(257L, 271L))));

    @Test
    void hostFactsAreReadInGroups() {
        assertThat(HostReport.text(INFO)).isEqualTo("""
                kvm
                  API version                                 12
                  SYNC_REGS                                   yes
                costs
                  exit                                        36.5 µs
                  usable L4 slots                             257 to 271
                """);
    }

    @Test
    void hostFactsAreAnObjectPerGroup() {
        assertThat(HostReport.json(INFO)).isEqualTo("""
                {
                  "kvm" : {
                    "api_version" : 12,
                    "sync_regs" : true
                  },
                  "costs" : {
                    "exit_us" : 36.5,
                    "usable_l4_slots" : [ 257, 271 ]
                  }
                }
                """);
    }
}
