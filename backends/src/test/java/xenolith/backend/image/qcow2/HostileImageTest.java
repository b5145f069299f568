package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.backend.image.BadImageException;
import xenolith.backend.image.DiskInUseException;

/// Images that are torn, or made to hurt.
class HostileImageTest {
    private static final int SIZE = 2 << 20;

    @TempDir
    private Path folder;

    @BeforeEach
    void needsQemu() {
        Qemu.require();
    }

    private Path image(String... options) {
        Path path = folder.resolve("image.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", String.join(",", options), path.toString(), SIZE + "");
        return path;
    }

    private static void poke(Path path, long offset, int length, long value) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        for (int i = 0; i < length; i++) {
            bytes[(int) offset + i] = (byte) (value >>> 8 * (length - 1 - i));
        }
        Files.write(path, bytes);
    }

    private static void assertRefused(Path path, boolean readOnly, String... words) {
        assertThatThrownBy(() -> Qcow2Image.open(path, readOnly, true)).isInstanceOf(BadImageException.class)
                .hasMessageContaining(path.getFileName().toString()).hasMessageContainingAll(words)
                .message().doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource({"4,4,1,version 1", "4,4,77,version 77", "20,4,8,2^8", "20,4,22,2^22", "20,4,-1,2^4294967295",
        "24,8,-1,18446744073709551615", "24,8,0x0fffffffffffffff,bytes", "32,4,1,AES", "32,4,2,LUKS", "36,4,0,too short",
        "36,4,-1,level-1 table has", "40,8,3,level-1 table is at 3", "40,8,0x7fffffffffff0000,cut off",
        "48,8,0x10001,refcount table is at", "56,4,0,no refcount table", "56,4,-1,refcount table has",
        "60,4,-1,snapshots", "72,8,4,external data file", "72,8,16,subclusters", "72,8,0x40,bit 6",
        "72,8,8,compression type", "96,4,7,2^7", "100,4,103,header has", "8,8,0x7fffffff,backing file"})
    void aHeaderThatCannotBeTrueIsRefusedWithItsReason(int offset, int length, String value, String words) throws IOException {
        Path path = image("cluster_size=65536");
        poke(path, offset, length, Long.decode(value));
        assertRefused(path, true, words);
    }

    /// Bits 0 and 1 say: not closed, and corrupt.
    @ParameterizedTest
    @CsvSource({"1,not closed", "2,marked corrupt"})
    void anImageThatMayContradictItselfIsReadAndNotWritten(long bit, String words) throws IOException {
        Path path = image("cluster_size=65536");
        poke(path, Header.INCOMPATIBLE, 8, bit);
        assertRefused(path, false, words, "qemu-img check -r all");
        try (Qcow2Image image = Qcow2Image.open(path, true, true)) {
            assertThat(new Disk(image).read(0, SIZE)).containsOnly(0);
        }
    }

    @Test
    void bitsThatAWriterMustClearAreClearedByAWriterAlone() throws IOException {
        Path path = image("cluster_size=65536");
        poke(path, Header.AUTOCLEAR, 8, 5);
        Qcow2Image.open(path, true, true).close();
        assertThat(ByteBuffer.wrap(Files.readAllBytes(path)).getLong(Header.AUTOCLEAR)).isEqualTo(5);
        Qcow2Image.open(path, false, true).close();
        assertThat(ByteBuffer.wrap(Files.readAllBytes(path)).getLong(Header.AUTOCLEAR)).isZero();
    }

    @Test
    void realEncryptionIsRefusedByName() {
        Path secret = folder.resolve("luks.qcow2");
        Qemu.imgOnAQuietHost("Unable to get accurate CPU usage", "create", "-q", "-f", "qcow2", "--object",
                "secret,id=s,data=x", "-o", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                secret.toString(), "1M");
        assertRefused(secret, true, "LUKS");
    }

    @Test
    void externalDataAndExtendedEntriesAreRefusedByName() {
        Path outside = folder.resolve("outside.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "data_file=" + folder.resolve("data.raw"), outside.toString(), "1M");
        assertRefused(outside, true, "external data file");
        Path sub = folder.resolve("sub.qcow2");
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "extended_l2=on,cluster_size=64k", sub.toString(), "1M");
        assertRefused(sub, true, "extended L2");
    }

    @Test
    void backingFilesAreRefusedByName() throws IOException {
        Path top = folder.resolve("top.qcow2");
        Path base = Files.write(folder.resolve("base.raw"), new byte[SIZE]);
        Qemu.img("create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.raw", top.toString());
        assertThatThrownBy(() -> Qcow2Image.open(top, true, false)).hasMessageContaining("not allowed");
        try (Qcow2Image one = Qcow2Image.open(top, false, true)) {
            assertThat(one.sectorCount()).isEqualTo(SIZE / 512);
            assertThatThrownBy(() -> Qcow2Image.open(top, true, true)).isInstanceOf(DiskInUseException.class);
        }
        Files.delete(base);
        assertRefused(top, true, "base.raw", "not there");
        Qemu.img("rebase", "-q", "-u", "-F", "vmdk", "-b", "base.raw", top.toString());
        Files.write(base, new byte[SIZE]);
        assertRefused(top, true, "vmdk", "raw and qcow2");
        Qemu.img("rebase", "-q", "-u", "-F", "raw", "-b", "nbd:localhost:1", top.toString());
        assertRefused(top, true, "nbd:localhost:1", "no file");
        Qemu.img("rebase", "-q", "-u", "-F", "qcow2", "-b", "top.qcow2", top.toString());
        assertRefused(top, true, "leads back to itself");
    }

    @Test
    void aBackingFileWithoutAFormatIsNotGuessed() {
        Path base = folder.resolve("base.img");
        Qemu.img("create", "-q", "-f", "qcow2", base.toString(), "1M");
        Path top = folder.resolve("top.qcow2");
        // The oldest way to make one leaves the format out.
        Qemu.img("create", "-q", "-f", "qcow2", "-o", "compat=0.10", "-u", "-F", "qcow2", "-b", "base.img", top.toString(), "1M");
        assertThat(dropFormat(top)).isTrue();
        assertRefused(top, true, "does not say", "qemu-img rebase");
    }

    private static boolean dropFormat(Path path) {
        try {
            byte[] bytes = Files.readAllBytes(path);
            ByteBuffer words = ByteBuffer.wrap(bytes);
            for (int at = 0; at < 1024; at += 4) {
                if (words.getInt(at) == Header.EXT_BACKING_FORMAT) {
                    words.putInt(at, 0x12345678);
                    Files.write(path, bytes);
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Of clusters that a snapshot shares, a write copies what it does not cover.
    @Test
    void aWriteOverAClusterThatIsNotThereIsAnErrorAndNoZeros() throws IOException {
        Path path = image("cluster_size=65536");
        Qemu.io(path, List.of("write -P 7 0 131072"));
        Qemu.img("snapshot", "-c", "kept", path.toString());
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
        long table = bytes.getLong((int) bytes.getLong(40)) & 0x00ff_ffff_ffff_fe00L;
        poke(path, table + 8, 8, 1L << 32);
        try (Qcow2Image damaged = Qcow2Image.open(path, false, true)) {
            Disk disk = new Disk(damaged);
            assertThat(disk.tryRead(65536, 512)).isNull();
            assertThat(disk.tryWrite(new byte[65536 + 512], 0)).isNegative();
            assertThat(disk.tryRead(65536, 512)).as("it is no cluster of zeros now").isNull();
        }
    }

    @Test
    void whatIsNoImageIsRefused() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty"));
        assertRefused(empty, true, "no qcow2 image");
        assertRefused(Files.write(folder.resolve("short"), new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}), true, "no qcow2");
        assertRefused(folder.resolve("absent"), true, "cannot be opened");
    }

    /// Random damage to a sound image with everything in it, then random requests: an answer or an error, in bounded time.
    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512", "cluster_size=4096,compression_type=zstd", "cluster_size=65536",
        "cluster_size=4096,refcount_bits=64"})
    void damageIsAnErrorAndNothingWorse(String options) throws IOException {
        Path path = rich(options);
        byte[] sound = Files.readAllBytes(path);
        Random random = new Random(options.hashCode());
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(100), () -> {
            int refused = 0;
            for (int round = 0; round < 250; round++) {
                byte[] torn = damaged(sound, random);
                FragileStorage storage = new FragileStorage(torn, torn.length + (4 << 20), round);
                try {
                    use(Qcow2Image.open(path, storage, round % 4 == 0, new BackingChain(true)), random);
                } catch (BadImageException e) {
                    assertThat(e).hasMessageContaining("image.qcow2").message().doesNotContain("\n");
                    refused++;
                }
            }
            assertThat(refused).isBetween(1, 249);
        });
    }

    private Path rich(String options) throws IOException {
        Path raw = folder.resolve("plain.raw");
        byte[] bytes = new byte[SIZE];
        new Random(3).nextBytes(bytes);
        for (int i = 0; i < SIZE; i += 3) {
            bytes[i] = 0;
            bytes[i / 2] = 0;
        }
        Files.write(raw, bytes);
        Path path = folder.resolve("image.qcow2");
        Qemu.img("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw.toString(), path.toString());
        Qemu.img("snapshot", "-c", "one", path.toString());
        Qemu.io(path, List.of("write -q 100k 300k", "write -q -z 800k 100k", "discard -q 1M 64k"));
        return path;
    }

    /// Bytes of tables are what matters: words of the first clusters and of those that hold entries are hit most.
    private static byte[] damaged(byte[] sound, Random random) {
        byte[] torn = sound.clone();
        if (random.nextInt(6) == 0) {
            torn = Arrays.copyOf(torn, random.nextInt(torn.length));
        }
        ByteBuffer words = ByteBuffer.wrap(torn);
        for (int hits = 1 + random.nextInt(6); hits > 0 && torn.length > 1024; hits--) {
            int where = switch (random.nextInt(4)) {
                case 0 -> random.nextInt(112);
                case 1 -> tableWord(words, random);
                default -> random.nextInt(torn.length - 8);
            };
            switch (random.nextInt(4)) {
                case 0 -> torn[where] ^= (byte) (1 << random.nextInt(8));
                case 1 -> words.putLong(where, random.nextLong());
                case 2 -> words.putLong(where, (random.nextInt(torn.length) & -512) | (long) random.nextInt(4) << 62);
                default -> words.putLong(where, -1);
            }
        }
        return torn;
    }

    /// A word that looks like an entry of a table.
    private static int tableWord(ByteBuffer words, Random random) {
        int at = random.nextInt(words.limit() / 8 - 1) * 8;
        for (int i = 0; i < 20000; i++) {
            long word = words.getLong(at) & Long.MAX_VALUE;
            if (word != 0 && word % 512 == 0 && word < words.limit()) {
                return at;
            }
            at = (at + 8) % (words.limit() / 8 * 8 - 8);
        }
        return at;
    }

    private static void use(Qcow2Image image, Random random) {
        try (image) {
            Disk disk = new Disk(image);
            long size = image.sectorCount();
            for (int i = 0; i < 12 && size > 0; i++) {
                long sector = random.nextLong(Math.min(size, random.nextBoolean() ? size : 4096));
                int count = (int) Math.min(size - sector, 1 + random.nextInt(600));
                switch (image.isReadOnly() ? 0 : random.nextInt(5)) {
                    case 0, 1 -> disk.tryRead(sector * 512, count * 512);
                    case 2 -> image.discard(sector * 512, count * 512L);
                    case 3 -> image.flush();
                    default -> disk.tryWrite(new byte[count * 512], sector * 512);
                }
            }
            if (!image.isReadOnly()) {
                image.discard(0, Math.min(size, 1 << 24) * 512);
            }
        }
    }
}
