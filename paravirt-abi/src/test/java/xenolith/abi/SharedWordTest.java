package xenolith.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SharedWordTest {
    private static final long AT = 8;
    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);

    @Test
    void readModifyWriteReturnsWhatWasThereBefore() {
        assertThat(SharedWord.getAndOrLong(page, AT, 0b110)).isZero();
        assertThat(SharedWord.getAndClearLong(page, AT, 0b010)).isEqualTo(0b110);
        assertThat(SharedWord.getLongVolatile(page, AT)).isEqualTo(0b100);
        assertThat(SharedWord.getAndOrInt(page, AT, 0b011)).isEqualTo(0b100);
        assertThat(SharedWord.getAndClearInt(page, AT, 0b101)).isEqualTo(0b111);
        assertThat(SharedWord.getIntVolatile(page, AT)).isEqualTo(0b010);
    }

    @Test
    void compareAndSetRefusesAWordThatHasChanged() {
        SharedWord.setIntVolatile(page, AT, 5);
        assertThat(SharedWord.compareAndSetInt(page, AT, 4, 6)).isFalse();
        assertThat(SharedWord.compareAndSetInt(page, AT, 5, 6)).isTrue();
        assertThat(SharedWord.compareAndSetLong(page, AT, 5, 7)).isFalse();
        assertThat(SharedWord.compareAndSetLong(page, AT, 6, 7)).isTrue();
        assertThat(SharedWord.getLongOpaque(page, AT)).isEqualTo(7);
    }

    @Test
    void bytesAndHalvesComeUnsigned() {
        SharedWord.setByteVolatile(page, AT, 0xFF);
        assertThat(SharedWord.getByteVolatile(page, AT)).isEqualTo(0xFF);
        SharedWord.setShortVolatile(page, AT, 0xFFFE);
        assertThat(SharedWord.getShortVolatile(page, AT)).isEqualTo(0xFFFE);
        assertThat(SharedWord.getLongVolatile(page, AT)).isEqualTo(0xFFFE);
    }

    @Test
    void aMisalignedOffsetIsTheCallersMistake() {
        assertThatIllegalArgumentException().isThrownBy(() -> SharedWord.getAndOrLong(page, AT + 4, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> SharedWord.getIntAcquire(page, AT + 2));
    }

    @Test
    void noBitIsLostAmongThreads() {
        IntStream.range(0, 64).parallel().forEach(bit -> SharedWord.getAndOrLong(page, AT, 1L << bit));
        assertThat(SharedWord.getLongVolatile(page, AT)).isEqualTo(-1);
        IntStream.range(0, 64).parallel().forEach(bit -> SharedWord.getAndClearLong(page, AT, 1L << bit));
        assertThat(SharedWord.getLongVolatile(page, AT)).isZero();
    }
}
