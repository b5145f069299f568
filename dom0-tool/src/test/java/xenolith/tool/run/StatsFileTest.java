package xenolith.tool.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.input.BadInputException;

class StatsFileTest {
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
}
