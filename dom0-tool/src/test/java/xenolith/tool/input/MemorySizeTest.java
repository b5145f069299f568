package xenolith.tool.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
    @ParameterizedTest
    @CsvSource({"128M,134217728", "2G,2147483648", "512,536870912", "65536K,67108864", "1GiB,1073741824"})
    void aSizeIsReadWithItsUnit(String text, long byteSize) {
        assertThat(MemorySize.parse(text)).isEqualTo(byteSize);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "M", "-1M", "1.5G", "512 M", "512T", "0x200M", "9999999999999", "99999999999G", "1M1"})
    void whatIsNoSizeIsRefusedInOneLine(String text) {
        assertThatThrownBy(() -> MemorySize.parse(text))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("is not a size of memory")
                .hasMessageNotContaining("\n");
    }

    @Property
    void aWrittenSizeReadsBack(@ForAll @IntRange(min = 1, max = 1 << 20) int mebibytes) {
        long byteSize = (long) mebibytes << 20;
        assertThat(MemorySize.parse(MemorySize.format(byteSize))).isEqualTo(byteSize);
    }

    @Test
    void theLargestExactUnitIsWritten() {
        assertThat(MemorySize.format(2L << 30)).isEqualTo("2G");
        assertThat(MemorySize.format(2560L << 20)).isEqualTo("2560M");
    }
}
