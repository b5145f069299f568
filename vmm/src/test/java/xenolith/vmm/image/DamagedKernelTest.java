package xenolith.vmm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever is done to a file, reading it ends well or in a [BadKernelException].
class DamagedKernelTest {
    private static final byte[] KERNEL = TestElf.linux(20_000);

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aTruncatedBzImageIsRefusedWhereverItIsCut(Compression compression) throws IOException {
        byte[] image = TestPackers.bzImage(TestPackers.payload(compression, KERNEL));
        int lastOfPayload = image.length - 65;
        for (int length = 0; length <= lastOfPayload; length += 1 + length / 29) {
            assertThat(outcome(Arrays.copyOf(image, length))).as("cut to %d", length).isNotNull();
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aTruncatedPackedFileIsRefusedOrIsAnEarlierEndOfAnElf(Compression compression) throws IOException {
        byte[] packed = TestPackers.pack(compression, KERNEL);
        int refused = 0;
        int tries = 0;
        for (int length = 0; length < packed.length; length += 1 + length / 29) {
            tries++;
            refused += outcome(Arrays.copyOf(packed, length)) == null ? 0 : 1;
        }
        assertThat(refused).isGreaterThan(tries / 2);
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void flippedBitsAnywhereNeverEndInAnotherException(Compression compression) throws IOException {
        byte[] image = TestPackers.bzImage(TestPackers.payload(compression, KERNEL));
        Random random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 200; round++) {
            byte[] damaged = image.clone();
            int flips = 1 + random.nextInt(4);
            for (int i = 0; i < flips; i++) {
                damaged[0x1f0 + random.nextInt(image.length - 0x1f0)] ^= (byte) (1 << random.nextInt(8));
            }
            refused += outcome(damaged) == null ? 0 : 1;
        }
        assertThat(refused).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void everyByteOfTheHeadMayBeAnything(Compression compression) throws IOException {
        byte[] payload = TestPackers.payload(compression, KERNEL);
        byte[] image = TestPackers.bzImage(payload);
        int payloadAt = image.length - 64 - payload.length;
        int refused = 0;
        for (int at = payloadAt; at < payloadAt + 40; at++) {
            for (int value = 0; value < 256; value += 17) {
                byte[] damaged = image.clone();
                damaged[at] = (byte) value;
                refused += outcome(damaged) == null ? 0 : 1;
            }
        }
        assertThat(refused).isPositive();
    }

    /// The message of the refusal, or null if the image was read.
    private String outcome(byte[] content) throws IOException {
        Path file = Files.write(directory.resolve("kernel"), content);
        try (KernelImage image = KernelImage.read(file, Optional.empty())) {
            image.notes();
            image.layout();
            return null;
        } catch (BadKernelException refused) {
            assertThat(refused.getMessage()).startsWith(file + ": ").doesNotContain("\n", "offset=");
            return refused.getMessage();
        } catch (RuntimeException other) {
            return fail("another exception than BadKernelException", other);
        }
    }
}
