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

/// Stock guests on images of other forms than raw, and what QEMU's tools and e2fsprogs say of them afterwards.
class ImagesIT {
    private static final int MIB = 1 << 20;
    private static final String LOAD = "insmod /xen-blkfront.ko && while [ ! -e /dev/xvda ]; do sleep 0.1; done\n";
    private static final String MOUNT = LOAD + "mkdir /mnt && mount -t ext4 /dev/xvda /mnt || exit 1\n";

    @TempDir
    private Path folder;

    private static String host(String... command) {
        Launched launched = Launched.command(List.of(command), null);
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return launched.stdout();
    }

    private static String qemuImg() {
        return Host.requireProgram("qemu-img", "qemu-utils");
    }

    private Guest guest(String... disks) {
        Guest guest = Guest.with(Kernel.CLOUD).module("xen-blkfront.ko");
        for (String disk : disks) {
            guest.options("--disk", disk);
        }
        return guest;
    }

    /// A qcow2 image over one of compressed clusters that holds an empty ext4.
    private Path overExt4() throws IOException {
        String mke2fs = Host.requireProgram("mke2fs", "e2fsprogs");
        Path raw = folder.resolve("ext4.raw");
        Files.write(raw, new byte[96 * MIB]);
        host(mke2fs, "-q", "-F", "-t", "ext4", raw.toString());
        host(qemuImg(), "convert", "-c", "-f", "raw", "-O", "qcow2", raw.toString(),
                folder.resolve("base.qcow2").toString());
        Path top = folder.resolve("top.qcow2");
        host(qemuImg(), "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", top.toString());
        return top;
    }

    private Path converted(Path qcow2) {
        Path raw = folder.resolve("converted.raw");
        host(qemuImg(), "convert", "-f", "qcow2", "-O", "raw", qcow2.toString(), raw.toString());
        return raw;
    }

    private String sumOf(Path fileSystem, String file) {
        Path copy = folder.resolve("copy");
        host(Host.requireProgram("debugfs", "e2fsprogs"), "-R", "dump " + file + " " + copy, fileSystem.toString());
        return host("/usr/bin/md5sum", copy.toString()).split(" ")[0];
    }

    @Test
    void aFileSystemOnQcow2OverABackingFileIsSoundForQemu() throws IOException {
        Path top = overExt4();
        byte[] base = Files.readAllBytes(folder.resolve("base.qcow2"));
        String output = guest("path=" + top + ",dev=xvda,format=qcow2").options("--vcpus", "2", "--audit").output(MOUNT + """
                seq 1 1500000 >/mnt/numbers
                for i in $(seq 100); do echo "file $i" >/mnt/file$i; done
                dd if=/dev/urandom of=/mnt/gone bs=1M count=24 conv=fsync 2>/dev/null
                rm /mnt/gone /mnt/file7
                sync
                fstrim /mnt || exit 1
                echo 3 >/proc/sys/vm/drop_caches
                md5sum /mnt/numbers
                umount /mnt
                """);
        host(qemuImg(), "check", "-q", top.toString());
        Path raw = converted(top);
        host(Host.requireProgram("e2fsck", "e2fsprogs"), "-fn", raw.toString());
        assertThat(output).contains(sumOf(raw, "/numbers") + "  /mnt/numbers");
        assertThat(host(Host.requireProgram("debugfs", "e2fsprogs"), "-R", "cat /file100", raw.toString()))
                .isEqualTo("file 100\n");
        assertThat(Files.readAllBytes(folder.resolve("base.qcow2"))).isEqualTo(base);
        // What was written and trimmed has been given back: far less is left than was written.
        assertThat(host("/usr/bin/du", "-k", top.toString()).split("\t")[0]).satisfies(
                kib -> assertThat(Integer.parseInt(kib)).isLessThan(24 * 1024));
    }

    @Test
    void whatAGuestHasSyncedSurvivesAKilledHypervisor() throws Exception {
        Path module = Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko");
        Host.requireProgram("e2fsck", "e2fsprogs");
        Path top = overExt4();
        for (int round = 1; round <= Host.killCount(); round++) {
            try (LiveGuest guest = LiveGuest.startWith("images-kill", MOUNT + """
                    rm -f /mnt/f*
                    i=0
                    while true; do
                        i=$((i + 1))
                        dd if=/dev/urandom of=/mnt/f$((i % 40)) bs=4k count=$((i % 50 + 1)) conv=fsync 2>/dev/null || exit 1
                        echo "SYNCED $i f$((i % 40)) $(md5sum </mnt/f$((i % 40)))"
                        [ $((i % 10)) != 0 ] || rm /mnt/f$((i % 40 - 3))
                    done
                    """, List.of(module), "--cmdline", "console=hvc0 quiet",
                    "--disk", "path=" + top + ",dev=xvda,format=qcow2")) {
                guest.await("SYNCED " + (5 + 11 * round) + " ");
                Thread.sleep(37L * round % 200);
                guest.process().destroyForcibly().waitFor();
                assertSynced(top, guest.console(), round);
            }
        }
    }

    /// The last file of which the console says that it was synced, and those before it that nothing touched since.
    private void assertSynced(Path top, String console, int round) {
        Launched check = Launched.command(List.of(qemuImg(), "check", top.toString()), null);
        assertThat(check.status()).as("round %s: %s", round, check.transcript()).isIn(0, 3);
        Path raw = converted(top);
        String e2fsck = Host.requireProgram("e2fsck", "e2fsprogs");
        Launched recovered = Launched.command(List.of(e2fsck, "-y", raw.toString()), null);
        assertThat(recovered.status()).as(recovered.transcript()).isIn(0, 1);
        host(e2fsck, "-fn", raw.toString());
        Matcher synced = Pattern.compile("SYNCED (\\d+) (f\\d+) ([0-9a-f]{32})").matcher(console);
        String[] sums = new String[40];
        int last = 0;
        while (synced.find()) {
            last = Integer.parseInt(synced.group(1));
            sums[last % 40] = synced.group(3);
            if (last % 10 == 0) {
                sums[(last + 37) % 40] = null;
            }
        }
        assertThat(last).isGreaterThan(5);
        for (int i = 0; i < 40; i++) {
            // The next two may have been under way, and what they remove.
            boolean moving = Math.floorMod(i - last - 1, 40) < 2 || Math.floorMod(i - last - 38, 40) < 2;
            if (sums[i] != null && !moving) {
                assertThat(sumOf(raw, "/f" + i)).as("f%s after %s", i, last).isEqualTo(sums[i]);
            }
        }
    }

    @Test
    void aFullHostDiskIsAnErrorInTheGuestAndNoDamage() throws IOException {
        Host.requireRuns("a mount namespace", Host.requireProgram("unshare", "util-linux"), "-m", "true");
        Host.requireGuests(Kernel.CLOUD);
        Path top = overExt4();
        Path initrd = folder.resolve("initrd");
        GuestImage.writeWithScript(initrd, Host.testImage(), MOUNT + """
                echo before >/mnt/before && sync || exit 1
                dd if=/dev/urandom of=/mnt/big bs=1M count=60 conv=fsync 2>/dev/null && echo "all fitted"
                dmesg | grep -m 1 "I/O error"
                """, List.of(Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko")));
        Path small = Files.createDirectory(folder.resolve("small"));
        String script = "mount -t tmpfs -o size=16m tmpfs " + small + " && cp " + folder + "/base.qcow2 " + top + ' ' + small
                + " && " + Host.launcher() + " run --kernel " + Kernel.CLOUD.path() + " --initrd " + initrd
                + " --disk path=" + small + "/top.qcow2,dev=xvda,format=qcow2; cp " + small + "/top.qcow2 " + top;
        Launched run = Launched.command(List.of("/usr/bin/unshare", "-m", "sh", "-c", script), null);
        assertThat(run.stdout()).as(run.transcript()).contains("I/O error").doesNotContain("all fitted");
        assertThat(Launched.command(List.of(qemuImg(), "check", top.toString()), null).status()).isIn(0, 3);
        Path raw = converted(top);
        Launched.command(List.of(Host.requireProgram("e2fsck", "e2fsprogs"), "-y", raw.toString()), null);
        host(Host.requireProgram("e2fsck", "e2fsprogs"), "-fn", raw.toString());
        assertThat(host(Host.requireProgram("debugfs", "e2fsprogs"), "-R", "cat /before", raw.toString()))
                .isEqualTo("before\n");
    }

    @Test
    void anOverlayIsThrownAwayOrKept() throws IOException {
        byte[] bytes = new byte[8 * MIB];
        new Random(1).nextBytes(bytes);
        Path base = Files.write(folder.resolve("base.raw"), bytes);
        Path kept = folder.resolve("kept.qcow2");
        String script = LOAD + """
                while [ ! -e /dev/xvdb ]; do sleep 0.1; done
                for disk in xvda xvdb; do
                    dd if=/dev/zero of=/dev/$disk bs=3k seek=100 count=300 conv=fsync,notrunc 2>/dev/null || exit 1
                done
                echo 3 >/proc/sys/vm/drop_caches
                md5sum /dev/xvda /dev/xvdb
                """;
        byte[] changed = bytes.clone();
        Arrays.fill(changed, 300 << 10, 1200 << 10, (byte) 0);
        String output = guest("path=" + base + ",dev=xvda,cow", "path=" + base + ",dev=xvdb,cow=" + kept).output(script);
        String sum = host("/usr/bin/md5sum", Files.write(folder.resolve("changed"), changed).toString()).split(" ")[0];
        assertThat(output).contains(sum + "  /dev/xvda").contains(sum + "  /dev/xvdb");
        assertThat(Files.readAllBytes(base)).isEqualTo(bytes);
        host(qemuImg(), "check", "-q", kept.toString());
        assertThat(Files.readAllBytes(converted(kept))).isEqualTo(changed);
    }

    @Test
    void aTableOfExtentsIsExchangedUnderAGuest() throws Exception {
        Path module = Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko");
        Path one = Files.write(folder.resolve("one"), filled('1'));
        Path two = Files.write(folder.resolve("two"), filled('2'));
        Path table = Files.writeString(folder.resolve("table"), "0 1024 r 0 one\n1024 1024 rw 1024 one\n");
        Files.writeString(folder.resolve("table2"), "0 1024 r 0 one\n1024 1024 rw 1024 two\n");
        try (LiveGuest guest = LiveGuest.startWith("images-extents", LOAD + """
                dd if=/dev/zero of=/dev/xvda bs=512 seek=2040 count=1 conv=fsync,notrunc 2>/dev/null && echo "written"
                dd if=/dev/zero of=/dev/xvda bs=512 seek=8 count=1 conv=fsync,notrunc 2>/dev/null || echo "refused"
                dd if=/dev/xvda bs=64k skip=8 count=1 2>/dev/null | cut -c 1-8
                while ! dd if=/dev/xvda bs=64k skip=8 count=1 2>/dev/null | grep -q ^2222; do
                    echo 3 >/proc/sys/vm/drop_caches; sleep 0.2
                done
                dd if=/dev/zero of=/dev/xvda bs=512 seek=2000 count=1 conv=fsync,notrunc 2>/dev/null && echo "written again"
                """, List.of(module), "--cmdline", "console=hvc0 quiet",
                    "--disk", "path=" + table + ",dev=xvda,format=extents")) {
            guest.await("11111111");
            assertThat(guest.console()).contains("written\n", "refused\n");
            assertThat(guest.command("disk-change", "NAME", "xvda", "table=" + folder.resolve("absent")).stderr())
                    .contains("absent");
            guest.does("disk-change", "NAME", "xvda", "table=" + folder.resolve("table2"));
            guest.await("written again");
            guest.awaitEnd();
        }
        assertThat(Files.readAllBytes(one)[2040 * 512]).isZero();
        assertThat(Files.readAllBytes(one)[8 * 512]).isEqualTo((byte) '1');
        assertThat(Files.readAllBytes(two)[2000 * 512]).isZero();
    }

    private static byte[] filled(char value) {
        byte[] bytes = new byte[MIB];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
