package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Stock kernels read from their disks what they wrote last, with any number of requests under way and from any vcpu.
class DiskVerifyIT {
    private static final long DISK_BYTES = 64 << 20;
    private static final String TESTS = "verify-4k-1 verify-4k-32 verify-64k-8 verify-256k-16 verify-4k-200";
    /// Two at once, on disks of their own; each stops at the first block that is not as it was written.
    private static final String SCRIPT = """
            insmod /xen-blkfront.ko
            while [ ! -e /dev/xvda ] || [ ! -e /dev/xvdb ]; do sleep 0.1; done
            blkbench /dev/xvda 1 1 %1$s & one=$!
            blkbench /dev/xvdb 1 1 %1$s & two=$!
            wait $one && wait $two || exit 1
            dmesg | grep -i 'i/o error' ; true
            """.formatted(TESTS);

    @TempDir
    private Path folder;

    private Path disk(String name) throws Exception {
        Path path = folder.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
        return path;
    }

    @ParameterizedTest
    @CsvSource({"CLOUD, 1, rw", "GENERIC, 2, 'rw,direct'", "CLOUD, 4, 'rw,sector=4096'"})
    void whatWasWrittenLastIsRead(Kernel kernel, int vcpus, String words) throws Exception {
        Path stats = folder.resolve("stats");
        String output = Guest.with(kernel).module("xen-blkfront.ko").options("--vcpus", "" + vcpus, "--audit", "--stats", stats.toString())
                .options("--disk", "path=" + disk("a") + ",dev=xvda," + words)
                .options("--disk", "path=" + disk("b") + ",dev=xvdb," + words).output(SCRIPT);
        assertThat(output).doesNotContainIgnoringCase("i/o error").doesNotContain("does not hold");
        assertThat(Pattern.compile("(?m)^blk verify-").matcher(output).results().count()).as(output).isEqualTo(10);
        long besides = Pattern.compile("\"side_by_side\" : ([0-9]+)").matcher(Files.readString(stats)).results()
                .mapToLong(match -> Long.parseLong(match.group(1))).sum();
        assertThat(words.contains("direct") || besides == 0).isTrue();
        assumeTrue(besides > 0 || !words.contains("direct"), "no direct, or no asynchronous, I/O where temporary files are");
    }
}
