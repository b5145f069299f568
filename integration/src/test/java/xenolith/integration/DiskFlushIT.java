package xenolith.integration;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a guest was told to be on its disk is there when the domain's process is killed in the middle of its work.
class DiskFlushIT {
    private static final int SECTOR_BYTES = 512;
    private static final int SECTORS = 1 << 16;
    /// After each record its number is on the console, which is behind the disk if anything.
    private static final String SCRIPT = """
            insmod /xen-blkfront.ko && while [ ! -e /dev/xvda ]; do sleep 0.1; done
            n=0
            while [ $n -lt 60000 ]; do
                n=$((n + 1))
                printf 'record %08d\\n' $n | dd of=/dev/xvda bs=512 seek=$n conv=sync,fsync,notrunc 2>/dev/null || exit 1
                echo "synced $n"
            done
            """;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"1, rw", "2, 'rw,direct'"})
    void whatWasSyncedSurvivesAKill(int vcpus, String words) throws Exception {
        Path image = Files.write(folder.resolve("disk"), new byte[SECTORS * SECTOR_BYTES]);
        String console;
        try (LiveGuest guest = LiveGuest.startWith("flush", SCRIPT, List.of(Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko")),
                "--vcpus", "" + vcpus, "--disk", "path=" + image + ",dev=xvda," + words)) {
            guest.await("synced 40\n");
            guest.process().destroyForcibly().waitFor();
            console = guest.console();
        }
        byte[] disk = Files.readAllBytes(image);
        int last = lastSynced(console);
        assertThat(last).isGreaterThanOrEqualTo(40);
        for (int n = 1; n <= last; n++) {
            byte[] sector = Arrays.copyOfRange(disk, n * SECTOR_BYTES, (n + 1) * SECTOR_BYTES);
            assertThat(new String(sector, US_ASCII)).as("record %d of %d", n, last).startsWith("record %08d\n".formatted(n));
        }
    }

    private static int lastSynced(String console) {
        Matcher line = Pattern.compile("synced (\\d+)\n").matcher(console);
        int last = 0;
        while (line.find()) {
            last = Integer.parseInt(line.group(1));
        }
        return last;
    }
}
