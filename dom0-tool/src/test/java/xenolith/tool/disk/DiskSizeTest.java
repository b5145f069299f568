package xenolith.tool.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.tool.input.BadInputException;

class DiskSizeTest {
    @ParameterizedTest
    @CsvSource({"512,512", "0,0", "3K,3072", "2M,2097152", "20G,21474836480", "1T,1099511627776",
        "8388607T,9223370937343148032"})
    void aSizeIsANumberAndItsUnit(String text, long bytes) {
        assertThat(DiskSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "-1G", "20g", "20 G", "1.5G", "8388608T", "9999999999999999999", "20GiB"})
    void otherWordsAreRefused(String text) {
        assertThatThrownBy(() -> DiskSize.parse(text)).isInstanceOf(BadInputException.class).hasMessageContaining(text);
    }

    @Test
    void theMessageSaysWhatToWrite() {
        assertThatThrownBy(() -> DiskSize.parse("large")).hasMessage("'large' is not a size of a disk; write 20G or 512M");
    }
}
