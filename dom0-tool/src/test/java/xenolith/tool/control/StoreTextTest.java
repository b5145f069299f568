package xenolith.tool.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.tool.input.BadInputException;

class StoreTextTest {
    @Property
    void everyValueReadsBackAndIsPrintable(@ForAll byte[] octets) {
        String shown = StoreText.shown(octets);
        assertThat(shown).matches("[ -~]*");
        assertThat(StoreText.octets(shown)).isEqualTo(octets);
    }

    @Test
    void anEscapeSequenceDoesNotReachTheTerminal() {
        assertThat(StoreText.shown("\033[2Jx\\".getBytes(UTF_8))).isEqualTo("\\x1b[2Jx\\\\");
    }

    @Test
    void otherCharactersAreUtf8() {
        assertThat(StoreText.octets("é😀")).isEqualTo("é😀".getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\", "\\n", "\\x", "\\x1", "\\xg0", "a\\"})
    void anUnknownEscapeIsRefused(String text) {
        assertThatThrownBy(() -> StoreText.octets(text)).isInstanceOf(BadInputException.class);
    }
}
