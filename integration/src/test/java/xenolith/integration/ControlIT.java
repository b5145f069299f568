package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is asked of a running domain from outside, and what the guest does about it.
@Timeout(400)
class ControlIT {
    private static final String HOME = "/local/domain/1";
    private static final long MIB = 1L << 20;

    /// Ready to be asked: the kernel's watches are registered some time before its first process runs.
    private static LiveGuest sleeper(String name, String... options) throws Exception {
        LiveGuest guest = LiveGuest.start(name, "echo ready; sleep 1000", options);
        guest.await("ready");
        return guest;
    }

    private static JsonNode status(LiveGuest guest) throws Exception {
        for (JsonNode domain : new ObjectMapper().readTree(guest.does("list", "--json"))) {
            if (domain.get("name").asText().equals(guest.name())) {
                return domain;
            }
        }
        throw new AssertionError("not in the list: " + guest.name());
    }

    @Test
    void aShutdownIsObeyedAndCanBeWaitedFor() throws Exception {
        try (LiveGuest guest = sleeper("shutdown")) {
            guest.does("shutdown", "NAME", "--wait", "--timeout", "100");
            assertThat(guest.awaitEnd()).isZero();
        }
    }

    @Test
    void aRebootIsObeyed() throws Exception {
        try (LiveGuest guest = sleeper("reboot")) {
            guest.does("shutdown", "NAME", "--reboot");
            assertThat(guest.awaitEnd()).isEqualTo(10);
        }
    }

    @Test
    void destroyingAsksNobody() throws Exception {
        try (LiveGuest guest = sleeper("destroy")) {
            guest.does("destroy", "NAME");
            Launched again = guest.command("destroy", "NAME");
            assertThat(guest.awaitEnd()).isEqualTo(13);
            assertThat(guest.errors()).contains("was destroyed");
            assertThat(again.status()).isEqualTo(2);
            assertThat(again.stderr()).contains("no domain called " + guest.name()).hasLineCount(1);
        }
    }

    @Test
    void aSysrqKeyReachesTheKernel() throws Exception {
        try (LiveGuest guest = sleeper("sysrq")) {
            guest.does("sysrq", "NAME", "h");
            guest.await("sysrq: HELP");
        }
    }

    @Test
    void theListShowsWhatRuns() throws Exception {
        try (LiveGuest guest = sleeper("list", "--memory", "256M", "--vcpus", "2")) {
            JsonNode status = status(guest);
            assertThat(status.get("pid").asLong()).isEqualTo(guest.process().pid());
            assertThat(status.get("memory_bytes").asLong()).isEqualTo(256 * MIB);
            assertThat(status.get("vcpus").asInt()).isEqualTo(2);
            assertThat(status.get("cpu_time_ns").asLong()).isPositive();
            assertThat(guest.does("list")).contains(guest.name());
            Launched second = guest.command("run", "--name", "NAME", "--kernel", Kernel.CLOUD.path().toString());
            assertThat(second.status()).isEqualTo(2);
            assertThat(second.stderr()).contains("is running already").hasLineCount(1);
        }
    }

    /// The kernel takes a vcpu down by itself; bringing one up is left to its user space, as everywhere.
    @Test
    void virtualCpusGoAndComeBack() throws Exception {
        try (LiveGuest guest = LiveGuest.start("vcpus", """
                shown=
                while :; do
                    for cpu in /sys/devices/system/cpu/cpu[1-9]*; do
                        [ "$(cat $cpu/online 2>/dev/null)" != 0 ] || echo 1 >$cpu/online
                    done
                    now="online $(cat /sys/devices/system/cpu/online)"
                    [ "$now" = "$shown" ] || { shown=$now; echo "$now"; }
                    sleep 0.2
                done
                """, "--vcpus", "4")) {
            guest.await("online 0-3\n");
            guest.does("vcpu-set", "NAME", "2");
            guest.await("online 0-1\n");
            assertThat(status(guest).get("vcpus").asInt()).isEqualTo(2);
            guest.does("vcpu-set", "NAME", "4");
            guest.awaitLast("online 0-1\n", "online 0-3\n");
            assertThat(status(guest).get("vcpus").asInt()).isEqualTo(4);
            Launched tooMany = guest.command("vcpu-set", "NAME", "5");
            assertThat(tooMany.status()).isEqualTo(2);
            assertThat(tooMany.stderr()).contains("1 to 4 virtual CPUs");
        }
    }

    @Test
    void memoryGivenBackIsTheHostsAgain() throws Exception {
        try (LiveGuest guest = LiveGuest.start("memory", """
                mount -t tmpfs -o size=90% tmp /tmp
                dd if=/dev/zero of=/tmp/fill bs=1M count=350 2>/dev/null
                rm /tmp/fill
                echo filled
                while :; do
                    total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
                    [ "$total" -lt 300000 ] && [ -z "$less" ] && { less=1; echo "total fell"; }
                    [ "$total" -gt 400000 ] && [ -n "$less" ] && { less=; echo "total rose"; }
                    sleep 0.2
                done
                """, "--memory", "512M")) {
            guest.await("filled");
            long before = memoryBytesOfHost(guest);
            assertThat(before).isGreaterThan(350 * MIB);
            guest.does("mem-set", "NAME", "256M");
            guest.await("total fell");
            awaitMemory(guest, 256 * MIB);
            assertThat(memoryBytesOfHost(guest)).isLessThan(before - 150 * MIB);
            guest.does("mem-set", "NAME", "512M");
            guest.await("total rose");
            awaitMemory(guest, 512 * MIB);
            Launched tooMuch = guest.command("mem-set", "NAME", "1G");
            assertThat(tooMuch.status()).isEqualTo(2);
            assertThat(tooMuch.stderr()).contains("32M to 512M");
        }
    }

    private static void awaitMemory(LiveGuest guest, long byteSize) throws Exception {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (status(guest).get("memory_bytes").asLong() != byteSize) {
            assertThat(System.nanoTime()).as(status(guest).toString()).isLessThan(deadline);
        }
    }

    /// What the file behind the machine's memory takes of the host.
    private static long memoryBytesOfHost(LiveGuest guest) {
        Launched blocks = Launched.command(List.of("sh", "-c", "cd /proc/" + guest.process().pid() + "/fd && for f in *; do "
                + "case $(readlink $f) in /memfd:xenolith*) stat -L -c %b $f ;; esac; done"), null);
        return blocks.stdout().lines().mapToLong(Long::parseLong).sum() * 512;
    }
}
