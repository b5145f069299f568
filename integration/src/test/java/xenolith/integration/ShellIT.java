package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// What people do at a shell.
class ShellIT {
    private static String output(String script) {
        return Guest.with(Kernel.CLOUD).output(script);
    }

    @Test
    void commandsAndPipesWork() {
        assertThat(output("""
                seq 1 1000 | awk '{ s += $1 } END { print "sum", s }'
                echo banana | tr a-y b-z | rev
                ls / | sort | head -n 1
                (exit 7); echo "status $?"
                cat /proc/self/status | grep -c Name
                """).lines()).containsExactly("sum 500500", "bobobc", "bin", "status 7", "1");
    }

    @Test
    void threeHundredProcessesLiveAtOnce() {
        assertThat(output("""
                i=0
                while [ $i -lt 300 ]; do sleep 1000 & i=$((i + 1)); done
                # The last ones are still to become what they shall be.
                i=0
                while [ $(ps | grep -c '[s]leep 1000') -lt 300 ] && [ $i -lt 30 ]; do sleep 1; i=$((i + 1)); done
                ps | grep -c '[s]leep 1000'
                killall sleep
                wait
                echo "left $(ps | grep -c '[s]leep 1000')"
                """).lines()).containsExactly("300", "left 0");
    }

    @Test
    void ddMovesBytesUnchanged() {
        assertThat(output("""
                mount -t tmpfs tmp /tmp
                dd if=/dev/urandom of=/tmp/a bs=64k count=400 2>/dev/null
                dd if=/tmp/a of=/tmp/b bs=4k 2>/dev/null
                cmp /tmp/a /tmp/b && echo same
                wc -c </tmp/b
                dd if=/dev/zero bs=1M count=64 2>/dev/null | md5sum
                """).lines()).containsExactly("same", "26214400", "7f614da9329cd3aebf59b91aadc30bf0  -");
    }

    @Test
    void theDateIsRightAndGoesOn() {
        Instant before = Instant.now();
        String[] seconds = output("date +%s; sleep 3; date +%s").strip().split("\n");
        long first = Long.parseLong(seconds[0]);
        assertThat(Long.parseLong(seconds[1]) - first).isBetween(3L, 4L);
        assertThat(Instant.ofEpochSecond(first))
                .isBetween(before.minus(Duration.ofSeconds(2)), Instant.now().plus(Duration.ofSeconds(2)));
    }

    @Test
    void memoryCanBeFilledAndGivenBack() {
        assertThat(Guest.with(Kernel.CLOUD).options("--memory", "256M").output("""
                mount -t tmpfs -o size=150M tmp /tmp
                for i in 1 2 3; do dd if=/dev/zero of=/tmp/fill bs=1M count=140 2>/dev/null && rm /tmp/fill && echo "round $i"; done
                """).lines()).containsExactly("round 1", "round 2", "round 3");
    }

    @Test
    void nothingInTheKernelsLogIsABug() {
        assertThat(output("dmesg")).doesNotContain("BUG:", "WARNING:", "Call Trace", "Oops", "general protection", "rcu: INFO");
    }
}
