package xenolith.tool.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportsTest {
    private static final HostInfo INFO = new HostInfo(List.of(
            new HostInfo.Fact("kvm", "api_version", "API version", "12", 12L),
            new HostInfo.Fact("kvm", "sync_regs", "SYNC_REGS", "yes", true),
            new HostInfo.Fact("costs", "exit_us", "exit", "36.5 µs", 36.5),
            new HostInfo.Fact("costs", "usable_l4_slots", "usable L4 slots", "257 to 271", List.of(257L, 271L))));

    @TempDir
    Path folder;

    @Test
    void statisticsAreOneObjectWithAllFields() throws Exception {
        Map<String, Double> times = new LinkedHashMap<>();
        times.put("jvm_start", 41.5);
        times.put("end", 2000.0);
        Path file = folder.resolve("stats.json");
        StatsFile.write(file, new DomainStats(Map.of("mmio", 3L, "eintr", 1L), Map.of("mmu_update", 7L),
                Map.of("14", 2L), Map.of("type_conflict", 4L), 5,
                Map.of("xvda", Map.of("reads", 8L)), Map.of("vif0", Map.of("tx_frames", 9L)), times));
        assertThat(Files.readString(file)).isEqualTo("""
                {
                  "exits" : {
                    "eintr" : 1,
                    "mmio" : 3
                  },
                  "hypercalls" : {
                    "mmu_update" : 7
                  },
                  "traps" : {
                    "14" : 2
                  },
                  "refusals" : {
                    "type_conflict" : 4
                  },
                  "commits" : 5,
                  "disks" : {
                    "xvda" : {
                      "reads" : 8
                    }
                  },
                  "nics" : {
                    "vif0" : {
                      "tx_frames" : 9
                    }
                  },
                  "times_ms" : {
                    "jvm_start" : 41.5,
                    "end" : 2000.0
                  }
                }
                """);
    }

    @Test
    void aStatisticsFileThatCannotBeWrittenIsBadInput() {
        DomainStats none = new DomainStats(Map.of(), Map.of(), Map.of(), Map.of(), 0, Map.of(), Map.of(), Map.of());
        assertThatThrownBy(() -> StatsFile.write(folder, none)).isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("cannot write the statistics to ");
    }

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
