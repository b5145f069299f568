package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EndingsTest {
    private final List<String> ended = new ArrayList<>();

    private Runnable fails(String name) {
        return () -> {
            ended.add(name);
            throw new IllegalStateException(name);
        };
    }

    @Test
    void allEndThoughSomeFailAndTheFirstFailureIsTold() {
        assertThatThrownBy(() -> Endings.runAll(List.of(() -> ended.add("a"), fails("b"), fails("c"), () -> ended.add("d"))))
                .hasMessage("b").satisfies(e -> assertThat(e.getSuppressed()).singleElement()
                        .extracting(Throwable::getMessage).isEqualTo("c"));
        assertThat(ended).containsExactly("a", "b", "c", "d");
    }

    @Test
    void nothingIsThrownWhereNothingFails() {
        Endings.runAll(List.of(() -> ended.add("a")));
        Endings.runAll(List.of());
        assertThat(ended).containsExactly("a");
    }
}
