package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One process serves the disks of two stock guests, and dies.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedDisksIT {
    private static final int MIB = 1 << 20;
    private static final String LOAD = """
            insmod /xen-blkfront.ko
            while [ ! -b /dev/xvda ]; do sleep 0.1; done
            """;
    private static final String ASKS_FOR_MUCH = LOAD + """
            read_all() {
                while dd if=/dev/xvda of=/dev/null iflag=direct bs=1M 2>/dev/null; do :; done
                echo "FAILED read"
            }
            for i in 1 2 3; do read_all & done
            n=0
            while dd if=/dev/xvda of=/dev/null iflag=direct bs=1M 2>/dev/null; do
                n=$((n + 1))
                echo "whole $n"
            done
            echo "FAILED read"
            """;
    private static final String ASKS_FOR_LITTLE = LOAD + """
            n=0
            while :; do
                dd if=/dev/xvda of=/tmp/read iflag=direct bs=4k 2>/dev/null || echo "FAILED read"
                n=$((n + 1))
                echo "$n $(md5sum </tmp/read)"
            done
            """;

    @TempDir
    private Path folder;

    private Path image(String name, int bytes) throws Exception {
        byte[] contents = new byte[bytes];
        new Random(bytes).nextBytes(contents);
        return Files.write(folder.resolve(name), contents);
    }

    private static LiveGuest guest(String name, String script, Path image) throws Exception {
        return LiveGuest.startWith(name, script, List.of(Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko")),
                "--memory", "256M", "--audit", "--disk", "dev=xvda,backend=unix:" + image + ".sock");
    }

    private static String md5(Path file) {
        return Launched.command(List.of("md5sum", file.toString()), null).stdout().split(" ")[0];
    }

    @Test
    void whoAsksForLittleIsServedBesideWhoAsksForMuchAndBothWhenTheProcessIsReplaced() throws Exception {
        Host.requireGuests(Kernel.CLOUD);
        Path large = image("large", 32 * MIB);
        Path small = image("small", MIB / 4);
        String sum = md5(small) + "  -";
        Process server = DiskServer.start(folder.resolve("server.log"), large, small);
        try (LiveGuest much = guest("much", ASKS_FOR_MUCH, large); LiveGuest little = guest("little", ASKS_FOR_LITTLE, small)) {
            much.await("whole 1");
            little.await("5 " + sum);
            server.destroyForcibly().waitFor();
            Files.delete(Path.of(large + ".sock"));
            Files.delete(Path.of(small + ".sock"));
            server = DiskServer.start(folder.resolve("server.log"), large, small);
            int before = little.console().split(sum, -1).length;
            much.await("whole " + (much.console().split("whole").length + 2));
            little.await(before + 10 + " " + sum);
            for (LiveGuest guest : List.of(much, little)) {
                guest.does("destroy", "NAME");
                assertThat(guest.awaitEnd()).isEqualTo(13);
                assertThat(guest.errors()).contains("audit: clean").contains("another process serves it");
                assertThat(guest.console()).doesNotContain("FAILED");
            }
        } finally {
            server.destroyForcibly();
        }
    }
}
