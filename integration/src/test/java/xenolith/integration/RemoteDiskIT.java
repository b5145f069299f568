package xenolith.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Stock kernels use disks that processes of their own serve, which die.
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RemoteDiskIT {
    private static final int MIB = 1 << 20;
    private static final int WORKERS = 4;
    private static final int KILLS = 6;
    /// Behind what the workers write: where the host tells them to end.
    private static final long WORD_AT = WORKERS * 8L * MIB;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /// Each worker has eight mebibytes, writes one after the other of them, and reads each back from the disk.
    private static final String WORK = """
            insmod /xen-blkfront.ko
            while [ ! -e /dev/xvda ]; do sleep 0.1; done
            work() {
                n=0
                while ! dd if=/dev/xvda bs=512 skip=65536 count=1 2>/dev/null | grep -q END; do
                    n=$((n + 1))
                    at=$((($1 * 8 + n % 8) * 16))
                    yes "$1 $n" | head -c 1048576 >/tmp/w$1
                    dd if=/tmp/w$1 of=/dev/xvda bs=64k seek=$at conv=fsync,notrunc 2>/dev/null || { echo "FAILED write $1 $n"; return; }
                    echo 3 >/proc/sys/vm/drop_caches
                    dd if=/dev/xvda of=/tmp/r$1 bs=64k skip=$at count=16 2>/dev/null || { echo "FAILED read $1 $n"; return; }
                    cmp /tmp/w$1 /tmp/r$1 || { echo "FAILED compare $1 $n"; return; }
                    [ $n != 1 ] || echo "worker $1 works"
                done
                echo "worker $1 did $n mebibytes"
            }
            for w in 0 1 2 3; do work $w & done
            wait
            dmesg | grep -iE "i/o error|blk_update|blocked for more" && echo "FAILED kernel"
            echo 3 >/proc/sys/vm/drop_caches
            md5sum /dev/xvda
            """;

    @TempDir
    private Path folder;

    private Path image() throws Exception {
        return Files.write(folder.resolve("disk.img"), new byte[(int) WORD_AT + MIB]);
    }

    private static void tellToEnd(Path image) throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(WORD_AT);
            file.write("END".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
    }

    private LiveGuest guest(String disk) throws Exception {
        Host.requireGuests(Kernel.CLOUD);
        return LiveGuest.startWith("remote", WORK, List.of(Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko")),
                "--vcpus", "2", "--audit", "--disk", disk);
    }

    /// The process that serves the disk of a guest that started it.
    private static ProcessHandle server(LiveGuest guest) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (;;) {
            Optional<ProcessHandle> child = guest.process().toHandle().children().filter(ProcessHandle::isAlive).findFirst();
            if (child.isPresent()) {
                return child.get();
            }
            assertThat(System.nanoTime()).as("a process that serves the disk").isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    /// Waits until the machine has said something so many times.
    private static void awaitErrors(LiveGuest guest, String text, int times) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (guest.errors().split(text, -1).length <= times) {
            assertThat(System.nanoTime()).as(guest.errors()).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    private static void signal(ProcessHandle process, String signal) throws Exception {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    }

    @Test
    void aGuestNoticesNothingOfSixKillsOfItsDisksProcessNorThatItIsStopped() throws Exception {
        Path image = image();
        try (LiveGuest guest = guest("path=" + image + ",dev=xvda,backend=process")) {
            guest.await("worker 2 works");
            Random random = new Random(1);
            for (int kill = 1; kill <= KILLS; kill++) {
                ProcessHandle server = server(guest);
                awaitErrors(guest, "another process serves it", kill - 1);
                Thread.sleep(random.nextInt(150));
                if (kill % 3 == 0) {
                    signal(server, "STOP");
                    Thread.sleep(300);
                    signal(server, "CONT");
                    Thread.sleep(random.nextInt(50));
                }
                signal(server, "KILL");
                server.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            awaitErrors(guest, "another process serves it", KILLS);
            assertThat(guest.does("disk-list", "NAME", "--json")).as("what its processes have counted")
                    .containsPattern("\"(reads|writes)\" : [1-9]");
            tellToEnd(image);
            assertThat(guest.awaitEnd()).as("%s%n%s", guest.console(), guest.errors()).isZero();
            assertThat(guest.console()).doesNotContain("FAILED").containsPattern("worker 0 did [1-9]")
                    .containsPattern("worker 3 did [1-9]")
                    .contains(Launched.command(List.of("/usr/bin/md5sum", image.toString()), null).stdout().split(" ")[0]);
            assertThat(guest.errors()).contains("audit: clean").contains("another process serves it")
                    .doesNotContain("requests fail");
        }
    }

    @Test
    void somebodyElsesProcessIsWaitedForAndADomainWithoutItCanBeDestroyed() throws Exception {
        Path image = image();
        Path socket = Path.of(image + ".sock");
        Process first = DiskServer.start(folder.resolve("server.log"), image);
        try (LiveGuest guest = guest("dev=xvda,backend=unix:" + socket)) {
            guest.await("worker 2 works");
            first.destroyForcibly().waitFor();
            Files.delete(socket);
            awaitErrors(guest, "no process serves it", 1);
            Process second = DiskServer.start(folder.resolve("server.log"), image);
            awaitErrors(guest, "another process serves it", 1);
            Thread.sleep(300);
            assertThat(second.isAlive()).isTrue();
            signal(second.toHandle(), "STOP");
            Thread.sleep(100);
            guest.does("destroy", "NAME");
            assertThat(guest.awaitEnd()).isEqualTo(13);
            assertThat(guest.errors()).contains("audit: clean");
            assertThat(guest.console()).doesNotContain("FAILED");
            second.destroyForcibly().waitFor();
        } finally {
            first.destroyForcibly();
        }
    }
}
