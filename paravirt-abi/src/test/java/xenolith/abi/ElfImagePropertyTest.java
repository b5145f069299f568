package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/// Whatever the bytes, an image is read or refused with one line: nothing else is thrown and nothing runs away.
class ElfImagePropertyTest {
    @Property(tries = 2000)
    void randomBytesBehindASoundHeaderAreReadOrRefused(@ForAll @Size(max = 600) byte[] tail) {
        ByteBuffer image = ElfBuilder.sound();
        image.put(64, tail, 0, Math.min(tail.length, image.capacity() - 64));
        readOrRefuse(image);
    }

    @Property(tries = 1000)
    void randomBytesAreReadOrRefused(@ForAll byte[] bytes) {
        readOrRefuse(ByteBuffer.wrap(bytes));
    }

    @Property
    void aTruncatedImageIsRefused(@ForAll @IntRange(max = ElfBuilder.SIZE - 1) int length) {
        assertThat(readOrRefuse(ElfBuilder.sound().limit(length))).isFalse();
    }

    @Property(tries = 5000)
    void aMutatedImageIsReadOrRefused(@ForAll("mutations") Map<Integer, Long> mutations) {
        ByteBuffer image = ElfBuilder.sound();
        mutations.forEach(image::putLong);
        readOrRefuse(image);
    }

    /// 64-bit words at any offset, mostly of the kind that breaks range checks.
    @Provide
    Arbitrary<Map<Integer, Long>> mutations() {
        Arbitrary<Long> nasty = Arbitraries.of(0L, 1L, 2L, -1L, -4L, Long.MAX_VALUE, Long.MIN_VALUE, 0x7fffffffL,
                0x80000000L, 0xffffffffL, 0x1_0000_0000L, (long) ElfBuilder.SIZE, ElfBuilder.SIZE - 1L,
                -(long) ElfBuilder.SIZE, 0xffff_0000_0000L);
        Arbitrary<Long> words = Arbitraries.oneOf(nasty, Arbitraries.longs());
        return Arbitraries.maps(Arbitraries.integers().between(0, ElfBuilder.SIZE - Long.BYTES), words).ofMaxSize(4);
    }

    /// True if the image could be read to its end.
    private static boolean readOrRefuse(ByteBuffer image) {
        try {
            ElfImageTest.readAll(image);
            return true;
        } catch (BadImageException e) {
            assertThat(e.getMessage()).matches("[\\x20-\\x7e]+");
            return false;
        }
    }
}
