package xenolith.integration;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Devices come to a stock guest while it runs, are changed, and go.
@Timeout(120)
class DevicesIT {
    private static final int MIB = 1 << 20;
    private static final int CYCLES = 3;
    /// Says what each disk that comes holds and how large it is, and when it has gone.
    private static final String FOLLOW_DISK = """
            insmod /xen-blkfront.ko
            echo ready
            while :; do
                while [ ! -b /dev/xvdb ]; do sleep 0.05; done
                echo "came $(md5sum </dev/xvdb)"
                size=$(cat /sys/block/xvdb/size)
                while [ -b /dev/xvdb ]; do
                    now=$(cat /sys/block/xvdb/size 2>/dev/null)
                    [ "$now" = "$size" ] || [ -z "$now" ] || { size=$now; echo "size $size $(md5sum </dev/xvdb)"; }
                    sleep 0.05
                done
                echo gone
            done
            """;

    @TempDir
    private Path folder;

    private static LiveGuest start(String name, String script, String... options) throws IOException {
        return LiveGuest.startWith(name, script, List.of(Host.requireModule(Kernel.CLOUD, "xen-blkfront.ko")), options);
    }

    private Path image(long seed) throws IOException {
        byte[] bytes = new byte[4 * MIB];
        new Random(seed).nextBytes(bytes);
        return Files.write(folder.resolve("disk.img"), bytes);
    }

    private static String md5(Path file) {
        Launched sum = Launched.command(List.of("md5sum", file.toString()), null);
        assertThat(sum.status()).isZero();
        return sum.stdout().split(" ")[0];
    }

    private static JsonNode only(LiveGuest guest, String kind) throws IOException {
        JsonNode list = new ObjectMapper().readTree(guest.does(kind + "-list", "NAME", "--json"));
        assertThat(list.size()).as(list.toString()).isEqualTo(1);
        return list.get(0);
    }

    @Test
    void aDiskComesAndGoesAgainAndAgain() throws Exception {
        try (LiveGuest guest = start("attach", FOLLOW_DISK, "--audit")) {
            guest.await("ready");
            for (int cycle = 1; cycle <= CYCLES; cycle++) {
                Path image = image(cycle);
                Launched attached = guest.command("disk-attach", "NAME", "file:" + image + ",xvdb,w");
                assertThat(attached.stderr()).isEmpty();
                assertThat(attached.stdout()).isEqualTo("xvdb\n");
                guest.await("came " + md5(image));
                assertThat(only(guest, "disk").get("state").asText()).isEqualTo("connected");
                Launched again = guest.command("disk-attach", "NAME", "path=" + image + ",dev=xvdb", "--json");
                assertThat(again.status()).isEqualTo(2);
                assertThat(new ObjectMapper().readTree(again.stderr()).get("error").asText())
                        .isEqualTo("there is a disk xvdb already");
                assertThat(guest.does("disk-list", "NAME", "-v").lines()).hasSize(3)
                        .anyMatch(line -> line.matches("xvdb +51728 +w +connected .*" + image));
                String detach = cycle == 2 ? "block-detach" : "disk-detach";
                assertThat(guest.does(detach, "NAME", cycle == 1 ? "51728" : "xvdb")).isEqualTo("xvdb\n");
                guest.awaitLast("came " + md5(image), "gone");
                assertThat(guest.does("disk-list", "NAME")).isEmpty();
                assertThat(guest.store("ls", "/local/domain/1/device/vbd")).isEmpty();
            }
            Launched none = guest.command("disk-detach", "NAME", "xvdb");
            assertThat(none.status()).isEqualTo(2);
            assertThat(none.stderr()).contains("there is no disk xvdb").hasLineCount(1);
            guest.does("shutdown", "NAME", "--wait");
            assertThat(guest.awaitEnd()).isZero();
            assertThat(guest.errors()).contains("audit: clean");
        }
    }

    @Test
    void aDiskGrowsAndGetsAnotherImageWhileItIsUsed() throws Exception {
        Path image = image(7);
        try (LiveGuest guest = start("grow", FOLLOW_DISK, "--disk", "path=" + image + ",dev=xvdb")) {
            guest.await("came " + md5(image));
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(6L * MIB);
            }
            String changed = guest.does("disk-change", "NAME", "xvdb", "size", "--json");
            assertThat(new ObjectMapper().readTree(changed).get("name").asText()).isEqualTo("xvdb");
            guest.await("size " + 6 * MIB / 512 + " " + md5(image));
            assertThat(only(guest, "disk").get("sectors").asLong()).isEqualTo(6 * MIB / 512);
            guest.does("disk-change", "NAME", "xvdb", "size=8M");
            guest.await("size " + 8 * MIB / 512 + " " + md5(image));
            assertThat(Files.size(image)).isEqualTo(8 * MIB);
            Launched smaller = guest.command("disk-change", "NAME", "xvdb", "size=4M");
            assertThat(smaller.status()).isEqualTo(2);
            assertThat(smaller.stderr()).contains("a disk can only grow while it is used").hasLineCount(1);
            Path other = Files.write(folder.resolve("other.img"), new byte[5 * MIB]);
            guest.does("disk-change", "NAME", "xvdb", "path=" + other);
            guest.await("size " + 5 * MIB / 512 + " " + md5(other));
            assertThat(only(guest, "disk").get("path").asText()).isEqualTo(other.toString());
            guest.does("disk-detach", "NAME", "xvdb", "--force");
            guest.await("gone");
        }
    }

    @Test
    void aQcow2ImageGrowsWhileTheGuestWritesIt() throws Exception {
        String qemuImg = Host.requireProgram("qemu-img", "qemu-utils");
        Path image = folder.resolve("disk.qcow2");
        host(qemuImg, "create", "-q", "-f", "qcow2", image.toString(), "700M");
        try (LiveGuest guest = start("qcow2", """
                insmod /xen-blkfront.ko
                while [ ! -b /dev/xvdb ]; do sleep 0.05; done
                ( while [ ! -e /grown ]; do dd if=/dev/zero of=/dev/xvdb bs=64k count=64 conv=fsync; done ) 2>/dev/null &
                echo ready
                while [ "$(cat /sys/block/xvdb/size)" != %d ]; do sleep 0.05; done
                touch /grown
                wait
                dd if=/dev/urandom of=/new bs=1M count=8 2>/dev/null
                dd if=/new of=/dev/xvdb bs=1M seek=2992 conv=fsync 2>/dev/null && echo "wrote $(md5sum </new)"
                sleep 1000
                """.formatted(3000L * MIB / 512), "--disk", "path=" + image + ",dev=xvdb,format=qcow2")) {
            guest.await("ready");
            guest.does("disk-change", "NAME", "xvdb", "size=3000M");
            guest.await("wrote ");
            guest.does("destroy", "NAME");
            guest.awaitEnd();
            host(qemuImg, "check", "-f", "qcow2", image.toString());
            Path raw = folder.resolve("raw");
            host(qemuImg, "convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
            assertThat(Files.size(raw)).isEqualTo(3000L * MIB);
            guest.await("wrote " + host("sh", "-c", "tail -c 8388608 " + raw + " | md5sum").split(" ")[0]);
        }
    }

    private static String host(String... command) {
        Launched launched = Launched.command(List.of(command), null);
        assertThat(launched.status()).as(launched.transcript()).isZero();
        return launched.stdout();
    }

    @Test
    void aDiskWithoutADriverStaysAndIsSaidToWait() throws Exception {
        try (LiveGuest guest = LiveGuest.start("nodriver", "echo ready; sleep 1000")) {
            guest.await("ready");
            Launched attached = guest.command("disk-attach", "NAME", "path=" + image(9) + ",dev=xvdb", "--timeout", "1");
            assertThat(attached.status()).isZero();
            assertThat(attached.stderr()).contains("xvdb is attached, but not in use").hasLineCount(1);
            guest.does("disk-detach", "NAME", "xvdb");
        }
    }

    /// A channel that was there from the start is `/dev/hvc1`; one that comes later is the next.
    @Test
    void channelsCarryBytesBothWays() throws Exception {
        Path socket = folder.resolve("a.sock");
        try (LiveGuest guest = LiveGuest.start("channel", """
                echo ready
                read word </dev/hvc1
                echo "heard $word"
                echo "you said $word" >/dev/hvc1
                while [ ! -d /sys/bus/xen/devices/console-2 ]; do sleep 0.1; done
                until echo later >/dev/hvc2; do sleep 0.1; done
                echo done
                sleep 1000
                """, "--channel", "name=org.example.a,path=" + socket)) {
            guest.await("ready");
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                channel.write(ByteBuffer.wrap("hello\n".getBytes(US_ASCII)));
                guest.await("heard hello");
                ByteBuffer answer = ByteBuffer.allocate(100);
                while (!new String(answer.array(), 0, answer.position(), US_ASCII).contains("you said hello")) {
                    assertThat(channel.read(answer)).isPositive();
                }
            }
            assertThat(guest.store("read", "/local/domain/1/device/console/1/name")).isEqualTo("org.example.a\n");
            Path file = folder.resolve("b.log");
            guest.does("channel-attach", "NAME", "name=b,connection=file,path=" + file);
            guest.await("done");
            // The guest's terminal prints when it comes to it.
            while (Files.size(file) < "later".length()) {
                Thread.sleep(20);
            }
            assertThat(guest.command("channel-attach", "NAME", "name=b,connection=file,path=" + file).stderr())
                    .contains("there is a channel b already").hasLineCount(1);
            assertThat(Files.readString(file)).startsWith("later");
            guest.does("channel-detach", "NAME", "org.example.a");
            assertThat(only(guest, "channel").get("name").asText()).isEqualTo("b");
            assertThat(socket).doesNotExist();
        }
    }
}
