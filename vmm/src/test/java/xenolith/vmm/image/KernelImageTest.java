package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class KernelImageTest {
    private static final byte[] KERNEL = TestElf.linux(300_000);

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aBzImageUnpacksToTheElfThatWasPacked(Compression compression) throws IOException {
        Path file = write(TestPackers.bzImage(TestPackers.payload(compression, KERNEL)));

        try (KernelImage image = read(file)) {
            int sizeBehindPlainElf = compression == Compression.NONE ? Integer.BYTES : 0;
            assertThat(Arrays.copyOf(bytes(image), KERNEL.length)).isEqualTo(KERNEL);
            assertThat(image.bytes().byteSize()).isEqualTo(KERNEL.length + sizeBehindPlainElf);
            assertThat(image.compression()).isEqualTo(compression);
            assertThat(image.notes().guestOs()).isEqualTo("linux");
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void anElfFileIsReadPackedOrNot(Compression compression) throws IOException {
        Path file = write(TestPackers.pack(compression, KERNEL));

        try (KernelImage image = read(file)) {
            assertThat(bytes(image)).isEqualTo(KERNEL);
            assertThat(image.fromCache()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void theImageStartsAtAPageAndCannotBeWritten(Compression compression) throws IOException {
        try (KernelImage image = read(write(TestPackers.pack(compression, KERNEL)))) {
            assertThat(image.bytes().address() % 4096).isZero();
            assertThat(image.bytes().isReadOnly()).isTrue();
        }
    }

    @Test
    void aKernelOfSeveralLz4BlocksIsWhole() throws IOException {
        byte[] large = TestElf.linux((17 << 20) + 123);

        try (KernelImage image = read(write(TestPackers.bzImage(TestPackers.payload(Compression.LZ4, large))))) {
            assertThat(bytes(image)).isEqualTo(large);
        }
    }

    @Test
    void aStreamThatOutgrowsItsFirstBufferIsWhole() throws IOException {
        byte[] large = TestElf.linux((9 << 20) + 5);

        try (KernelImage image = read(write(TestPackers.pack(Compression.GZIP, large)))) {
            assertThat(bytes(image)).isEqualTo(large);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Compression.class, names = "NONE", mode = Mode.EXCLUDE)
    void aPayloadThatIsNotAsLongAsItSaysIsRefused(Compression compression) throws IOException {
        byte[] payload = TestPackers.payload(compression, KERNEL);
        for (int off : new int[] {-1, 1, 4096}) {
            ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putInt(payload.length - 4, KERNEL.length + off);
            refused(TestPackers.bzImage(payload), "corrupt");
        }
    }

    @ParameterizedTest
    @EnumSource(value = Compression.class, names = {"NONE", "GZIP"}, mode = Mode.EXCLUDE)
    void aPayloadThatSaysItIsEnormousIsRefusedBeforeMemoryIsTaken(Compression compression) throws IOException {
        byte[] packed = TestPackers.pack(compression, KERNEL);
        refused(TestPackers.bzImage(TestPackers.withSize(packed, -1)), "too large");
    }

    @ParameterizedTest
    @EnumSource(value = Compression.class, names = "NONE", mode = Mode.EXCLUDE)
    void whatUnpacksToMoreThanTheLimitIsTooLarge(Compression compression) throws IOException {
        long limit = 64 << 10;
        MemorySegment packed = MemorySegment.ofArray(TestPackers.pack(compression, KERNEL));
        Unpacker unpacker = new Unpacker("kernel", compression, limit);

        // An LZ4 block is unpacked whole or not at all: there too little room looks like damage.
        String expected = compression == Compression.LZ4 ? "corrupt" : "too large";
        assertThatThrownBy(() -> unpacker.unpackFile(packed)).isInstanceOf(BadKernelException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void whatIsNotAKernelIsRefusedWithTheFilesName() throws IOException {
        Path file = write("#!/bin/sh\necho I am no kernel, though I am long enough to be one\n".repeat(100).getBytes());

        assertThatThrownBy(() -> read(file)).isInstanceOf(BadKernelException.class)
                .hasMessageStartingWith(file.toString()).hasMessageContaining("not a kernel");
    }

    @Test
    void packedDataThatIsNoElfIsRefused() throws IOException {
        refused(TestPackers.pack(Compression.GZIP, "an initrd, say".repeat(1000).getBytes()), "not an ELF image");
    }

    @Test
    void aBzImageOfAnUnknownPackingIsRefusedWithItsFirstBytes() throws IOException {
        refused(TestPackers.bzImage(new byte[] {(byte) 0x89, 'L', 'Z', 'O', 0, 1, 2, 3, 4, 5}), "89 4c 5a 4f");
    }

    @Test
    void aBzImageOlderThanThePayloadFieldsIsRefused() throws IOException {
        byte[] image = TestPackers.bzImage(TestPackers.payload(Compression.GZIP, KERNEL));
        image[0x206] = 7;
        refused(image, "boot protocol 2.07");
    }

    @Test
    void aBzImageCutOffIsCalledTruncated() throws IOException {
        byte[] image = TestPackers.bzImage(TestPackers.payload(Compression.GZIP, KERNEL));
        refused(Arrays.copyOf(image, image.length / 2), "truncated");
        refused(Arrays.copyOf(image, 0x24e), "truncated");
    }

    @Test
    void anElfOfAnotherMachineIsRefused() throws IOException {
        byte[] arm = KERNEL.clone();
        arm[18] = (byte) 183;
        refused(arm, "not a 64-bit x86");
        byte[] narrow = KERNEL.clone();
        narrow[4] = 1;
        refused(narrow, "not a 64-bit x86");
    }

    @Test
    void whatCannotBeReadIsSaidInWords() throws IOException {
        assertThatThrownBy(() -> read(directory.resolve("absent"))).isInstanceOf(BadKernelException.class)
                .hasMessageContaining("there is no such file");
        assertThatThrownBy(() -> read(directory)).isInstanceOf(BadKernelException.class)
                .hasMessageContaining("not a regular file");
        refused(new byte[0], "not a kernel");
    }

    @Test
    void aZstdFileWithoutItsSizeIsRefusedWithWhatToDo() throws IOException {
        byte[] packed = TestPackers.pack(Compression.ZSTD, KERNEL);
        // A frame header of a window descriptor and no content size.
        byte[] piped = TestElf.concat(Arrays.copyOf(packed, 4), new byte[] {0, 13 << 3}, new byte[100]);
        refused(piped, "does not state its size");
    }

    private static KernelImage read(Path file) {
        return KernelImage.read(file, Optional.empty());
    }

    private static byte[] bytes(KernelImage image) {
        return image.bytes().toArray(ValueLayout.JAVA_BYTE);
    }

    private void refused(byte[] content, String why) throws IOException {
        Path file = write(content);
        assertThatThrownBy(() -> read(file)).isInstanceOf(BadKernelException.class).hasMessageContaining(why)
                .hasMessageStartingWith(file + ": ").message().doesNotContain("\n");
    }

    private Path write(byte[] content) throws IOException {
        return Files.write(directory.resolve("kernel"), content);
    }
}
