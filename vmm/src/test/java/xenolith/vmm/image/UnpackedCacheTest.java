package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackedCacheTest {
    private static final byte[] KERNEL = TestElf.linux(50_000);

    @TempDir
    Path directory;

    private Path cache;
    private Path kernel;

    @BeforeEach
    void aPackedKernel() throws IOException {
        cache = directory.resolve("cache").resolve("unpacked");
        kernel = Files.write(directory.resolve("vmlinuz"),
                TestPackers.bzImage(TestPackers.payload(Compression.XZ, KERNEL)));
    }

    @Test
    void theSecondReadComesFromTheCache() throws IOException {
        assertThat(readIsFromCache()).isFalse();
        assertThat(readIsFromCache()).isTrue();
        assertThat(entries()).hasSize(1);
    }

    @Test
    void whatComesFromTheCacheIsPageAlignedAndReadOnly() {
        readIsFromCache();
        try (KernelImage image = KernelImage.read(kernel, Optional.of(cache))) {
            assertThat(image.bytes().address() % 4096).isZero();
            assertThat(image.bytes().isReadOnly()).isTrue();
            assertThat(image.compression()).isEqualTo(Compression.XZ);
        }
    }

    @Test
    void aChangedKernelIsUnpackedAnew() throws IOException {
        readIsFromCache();
        FileTime time = Files.getLastModifiedTime(kernel);
        byte[] other = TestElf.linux(50_000);
        other[10_000] ^= 1;
        Files.write(kernel, TestPackers.bzImage(TestPackers.payload(Compression.XZ, other)));
        Files.setLastModifiedTime(kernel, time);

        try (KernelImage image = KernelImage.read(kernel, Optional.of(cache))) {
            assertThat(image.fromCache()).isFalse();
            assertThat(image.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(other);
        }
    }

    @Test
    void anEntryWithAnyByteChangedIsNotTrustedButRebuilt() throws IOException {
        readIsFromCache();
        Path entry = entries().getFirst();
        byte[] good = Files.readAllBytes(entry);
        for (int at = 0; at < good.length; at += at < good.length - 64 ? 5_003 : 1) {
            byte[] damaged = good.clone();
            damaged[at] ^= 0x20;
            Files.write(entry, damaged);
            assertThat(readIsFromCache()).as("byte %d changed", at).isFalse();
            assertThat(Files.readAllBytes(entry)).isEqualTo(good);
        }
    }

    @Test
    void anEntryCutOffIsNotTrustedButRebuilt() throws IOException {
        readIsFromCache();
        Path entry = entries().getFirst();
        byte[] good = Files.readAllBytes(entry);
        for (int length : new int[] {0, 1, 31, 32, 33, 64, 4096, good.length - 32, good.length - 1}) {
            Files.write(entry, Arrays.copyOf(good, length));
            assertThat(readIsFromCache()).as("cut to %d", length).isFalse();
            assertThat(readIsFromCache()).isTrue();
        }
    }

    @Test
    void anEntryUnderAnotherKernelsNameIsNotTaken() throws IOException {
        readIsFromCache();
        Path entry = entries().getFirst();
        byte[] first = Files.readAllBytes(entry);
        Files.delete(entry);
        byte[] other = TestElf.linux(60_000);
        Files.write(kernel, TestPackers.bzImage(TestPackers.payload(Compression.GZIP, other)));
        readIsFromCache();
        Files.write(entries().getFirst(), first);

        try (KernelImage image = KernelImage.read(kernel, Optional.of(cache))) {
            assertThat(image.fromCache()).isFalse();
            assertThat(image.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(other);
        }
    }

    @Test
    void aCacheThatCannotBeWrittenIsSilentlyNotUsed() throws IOException {
        Path blocked = Files.write(directory.resolve("file"), new byte[1]).resolve("unpacked");

        try (KernelImage image = KernelImage.read(kernel, Optional.of(blocked))) {
            assertThat(image.fromCache()).isFalse();
            assertThat(image.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(KERNEL);
        }
    }

    @Test
    void aSymbolicLinkInTheCacheIsNotFollowed() throws IOException {
        readIsFromCache();
        Path entry = entries().getFirst();
        Path elsewhere = Files.move(entry, directory.resolve("elsewhere"));
        Files.createSymbolicLink(entry, elsewhere);

        assertThat(readIsFromCache()).isFalse();
        assertThat(Files.isSymbolicLink(entry)).isFalse();
    }

    @Test
    void theCacheKeepsTheMostRecentlyUsed() throws IOException {
        readIsFromCache();
        Path first = entries().getFirst();
        Instant now = Instant.now();
        for (int i = 0; i < UnpackedCache.MAX_ENTRIES; i++) {
            Path older = Files.write(cache.resolve("older" + i + ".elf"), new byte[1]);
            Files.setLastModifiedTime(older, FileTime.from(now.minusSeconds(100 + i)));
        }
        Files.setLastModifiedTime(first, FileTime.from(now.minusSeconds(1000)));
        assertThat(readIsFromCache()).as("use makes it new").isTrue();

        kernel = Files.write(directory.resolve("another"), TestPackers.pack(Compression.GZIP, KERNEL));
        readIsFromCache();

        assertThat(entries()).hasSize(UnpackedCache.MAX_ENTRIES).contains(first)
                .doesNotContain(cache.resolve("older6.elf"), cache.resolve("older7.elf"));
    }

    @Test
    void whatAKilledProcessLeftIsSweptAfterAnHour() throws IOException {
        Files.createDirectories(cache);
        Path abandoned = Files.write(cache.resolve("unpacking-1.tmp"), new byte[1]);
        Files.setLastModifiedTime(abandoned, FileTime.from(Instant.now().minusSeconds(2 * 3600)));
        Path underWay = Files.write(cache.resolve("unpacking-2.tmp"), new byte[1]);

        readIsFromCache();

        assertThat(abandoned).doesNotExist();
        assertThat(underWay).exists();
    }

    @Test
    void aCorruptKernelLeavesNothingInTheCache() throws IOException {
        byte[] packed = TestPackers.payload(Compression.XZ, KERNEL);
        packed[packed.length / 2] ^= 1;
        Files.write(kernel, TestPackers.bzImage(packed));

        assertThatThrownBy(this::readIsFromCache).isInstanceOf(BadKernelException.class);
        assertThat(cache).satisfiesAnyOf(c -> assertThat(c).doesNotExist(), c -> assertThat(c).isEmptyDirectory());
    }

    @Test
    void anUnpackedElfIsNotCached() throws IOException {
        kernel = Files.write(directory.resolve("vmlinux"), KERNEL);

        assertThat(readIsFromCache()).isFalse();
        assertThat(readIsFromCache()).isFalse();
        assertThat(cache).doesNotExist();
    }

    @Test
    void theImageOutlivesItsEntry() throws IOException {
        readIsFromCache();
        try (KernelImage image = KernelImage.read(kernel, Optional.of(cache))) {
            assumeThat(image.fromCache()).isTrue();
            Files.delete(entries().getFirst());
            assertThat(image.bytes().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(KERNEL);
        }
    }

    private boolean readIsFromCache() {
        try (KernelImage image = KernelImage.read(kernel, Optional.of(cache))) {
            assertThat(image.bytes().byteSize()).isPositive();
            return image.fromCache();
        }
    }

    private List<Path> entries() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(file -> file.toString().endsWith(".elf")).toList();
        }
    }
}
