package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The statistics file and `info --json` can be read by programs.
class StatsIT {
    @TempDir
    Path folder;

    private JsonNode statsOf(Kernel kernel, String... options) throws Exception {
        Path file = folder.resolve("stats.json");
        Guest.with(kernel).options("--stats", file.toString()).options(options).output("echo done");
        return new ObjectMapper().readTree(file.toFile());
    }

    private static long total(JsonNode counts) {
        long sum = 0;
        for (JsonNode count : counts) {
            sum += count.asLong();
        }
        return sum;
    }

    @Test
    void aBootsStatisticsAreWhole() throws Exception {
        JsonNode stats = statsOf(Kernel.CLOUD);
        assertThat(stats.fieldNames()).toIterable().contains("exits", "hypercalls", "traps", "refusals", "commits", "times_ms");
        assertThat(total(stats.get("exits"))).isPositive();
        assertThat(stats.at("/hypercalls/mmu_update").asLong()).isGreaterThan(1000);
        assertThat(stats.at("/hypercalls/sched_op").asLong()).isPositive();
        assertThat(stats.get("commits").isIntegralNumber()).isTrue();
    }

    @Test
    void timesGoForward() throws Exception {
        JsonNode times = statsOf(Kernel.CLOUD).get("times_ms");
        List<String> order = List.of("jvm_start", "domain_built", "first_guest_instruction", "first_console_byte", "end");
        double last = 0;
        for (String name : order) {
            assertThat(times.path(name).asDouble(-1)).as(name).isGreaterThanOrEqualTo(last);
            last = times.get(name).asDouble();
        }
    }

    /// Counts are steady where times are not: the bars of a boot's exits hold on any machine. Calls that the poller was
    /// too late for, having lost its core to somebody, are counted apart: they tell of the machine's load.
    @Test
    void aBootOfTheCloudKernelCostsNoMoreExitsThanItMay() throws Exception {
        JsonNode polled = statsOf(Kernel.CLOUD, "--memory", "256M").get("exits");
        assertThat(total(polled) - polled.path("hypercall_late").asLong()).as(polled.toString()).isLessThan(15_000);
        assertThat(total(statsOf(Kernel.CLOUD, "--memory", "256M", "--no-poller").get("exits"))).isLessThan(60_000);
    }

    /// Every process that starts faults some dozens of times.
    @Test
    void aProcesssPageFaultIsNoExitOnTheWayInNorOut() throws Exception {
        Path file = folder.resolve("stats.json");
        Guest.with(Kernel.CLOUD).options("--stats", file.toString())
                .output("for i in $(seq 400); do /bin/busybox true; done");
        JsonNode stats = new ObjectMapper().readTree(file.toFile());
        assertThat(stats.at("/hypercalls/mmu_update").asLong()).as("processes were started").isGreaterThan(400 * 20);
        assertThat(stats.at("/hypercalls/iret").asLong()).as("irets that Java had to do").isLessThan(400 * 10);
    }

    @Test
    void infoIsJsonWhereAsked() throws Exception {
        Host.requireKvm();
        JsonNode info = new ObjectMapper().readTree(Launched.of(List.of("info", "--json"), null).stdout());
        assertThat(info.isObject()).isTrue();
        assertThat(info.findValue("api_version").asInt()).isEqualTo(12);
    }
}
