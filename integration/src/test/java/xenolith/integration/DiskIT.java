package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Stock kernels use disks of ours with their own driver.
class DiskIT {
    private static final int MIB = 1 << 20;
    private static final String LOAD = "insmod /xen-blkfront.ko && while [ ! -e /dev/xvda ]; do sleep 0.1; done\n";

    @TempDir
    private Path folder;

    private Guest guest(Path image, String access, String... options) {
        return Guest.with(Kernel.CLOUD).module("xen-blkfront.ko")
                .options("--disk", "path=" + image + ",dev=xvda," + access).options(options);
    }

    private static String host(String... command) {
        Launched launched = Launched.command(List.of(command), null);
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return launched.stdout();
    }

    /// A file of random bytes.
    private Path image(int mebibytes, long seed) throws IOException {
        byte[] bytes = new byte[mebibytes * MIB];
        new Random(seed).nextBytes(bytes);
        return Files.write(folder.resolve("disk.img"), bytes);
    }

    @Test
    void aFileSystemWrittenByAGuestIsSoundOnTheHost() throws IOException {
        String mke2fs = Host.requireProgram("mke2fs", "e2fsprogs");
        String e2fsck = Host.requireProgram("e2fsck", "e2fsprogs");
        String debugfs = Host.requireProgram("debugfs", "e2fsprogs");
        Path image = image(192, 0);
        host(mke2fs, "-q", "-F", "-t", "ext4", image.toString());
        String output = guest(image, "rw").output(LOAD + """
                mkdir /mnt && mount -t ext4 /dev/xvda /mnt || exit 1
                seq 1 2000000 >/mnt/numbers
                for i in $(seq 200); do echo "file $i" >/mnt/file$i; done
                rm /mnt/file7
                sync
                echo 3 >/proc/sys/vm/drop_caches
                md5sum /mnt/numbers
                echo write; time dd if=/dev/zero of=/mnt/zeros bs=1M count=64 conv=fsync
                echo 3 >/proc/sys/vm/drop_caches
                echo read; time dd if=/dev/xvda of=/dev/null bs=1M
                umount /mnt && dmesg | grep -i "error" ; true
                """);
        host(e2fsck, "-fn", image.toString());
        Path numbers = folder.resolve("numbers");
        host(debugfs, "-R", "dump /numbers " + numbers, image.toString());
        assertThat(output).contains(host("/usr/bin/md5sum", numbers.toString()).split(" ")[0] + "  /mnt/numbers");
        assertThat(host(debugfs, "-R", "cat /file200", image.toString())).isEqualTo("file 200\n");
        assertThat(output).doesNotContainIgnoringCase("i/o error").doesNotContain("EXT4-fs error");
        System.out.println("64 MiB written and synced: " + rate(64, output, "write") + ", 192 MiB read: "
                + rate(192, output, "read"));
    }

    private static String rate(int mebibytes, String output, String what) {
        Matcher real = Pattern.compile("(?s)\n?" + what + "\n.*?real\\s+(\\d+)m ?([\\d.]+)s").matcher(output);
        assertThat(real.find()).as(output).isTrue();
        double seconds = 60 * Integer.parseInt(real.group(1)) + Double.parseDouble(real.group(2));
        return "%.1f MiB/s".formatted(mebibytes / seconds);
    }

    @Test
    void aReadOnlyDiskIsReadAndNotWritten() throws IOException {
        Path image = image(8, 1);
        byte[] before = Files.readAllBytes(image);
        String output = guest(image, "ro").output(LOAD + """
                cat /sys/block/xvda/ro
                md5sum /dev/xvda
                dd if=/dev/zero of=/dev/xvda bs=4k count=1 conv=fsync 2>/dev/null && echo written
                true
                """);
        assertThat(output).startsWith("1\n").doesNotContain("written")
                .contains(host("/usr/bin/md5sum", image.toString()).split(" ")[0]);
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    @Test
    void twoVcpusWriteSideBySideToTwoRings() throws IOException {
        Path image = image(32, 2);
        byte[] expected = Files.readAllBytes(image);
        Arrays.fill(expected, 0, 8 * MIB, (byte) 0);
        System.arraycopy(expected, 24 * MIB, expected, 16 * MIB, 8 * MIB);
        String output = guest(image, "rw", "--vcpus", "2", "--audit").output(LOAD + """
                ls /sys/block/xvda/mq
                dd if=/dev/zero of=/dev/xvda bs=64k count=128 conv=fsync,notrunc 2>/dev/null & one=$!
                dd if=/dev/xvda of=/dev/xvda bs=64k skip=384 seek=256 count=128 conv=fsync,notrunc 2>/dev/null & two=$!
                wait $one && wait $two || exit 1
                echo 3 >/proc/sys/vm/drop_caches
                md5sum /dev/xvda
                """);
        assertThat(output).startsWith("0  1\n");
        assertThat(Files.readAllBytes(image)).isEqualTo(expected);
        assertThat(output).contains(host("/usr/bin/md5sum", image.toString()).split(" ")[0]);
    }

    /// Larger sectors, past the host's page cache where the tests' folder allows that.
    @Test
    void aDiskMayHaveLargerSectors() throws IOException {
        Path image = image(16, 3);
        byte[] expected = Files.readAllBytes(image);
        Arrays.fill(expected, 4 * MIB, 8 * MIB, (byte) 0);
        String output = guest(image, "rw,direct,sector=4096").output(LOAD + """
                cat /sys/block/xvda/queue/logical_block_size
                dd if=/dev/zero of=/dev/xvda bs=1M seek=4 count=4 conv=fsync,notrunc 2>/dev/null || exit 1
                echo 3 >/proc/sys/vm/drop_caches
                md5sum /dev/xvda
                """);
        assertThat(output).startsWith("4096\n");
        assertThat(Files.readAllBytes(image)).isEqualTo(expected);
        assertThat(output).contains(host("/usr/bin/md5sum", image.toString()).split(" ")[0]);
    }

    @Test
    void aDiskIsHeldToItsLimit() throws IOException {
        Path image = image(8, 4);
        String output = guest(image, "ro,iops=200,bps=2M").output(LOAD + """
                echo read; time dd if=/dev/xvda of=/dev/null bs=1M
                md5sum /dev/xvda
                """);
        assertThat(output).contains(host("/usr/bin/md5sum", image.toString()).split(" ")[0]);
        assertThat(Double.parseDouble(rate(8, output, "read").split(" ")[0])).isBetween(1.0, 2.5);
    }
}
