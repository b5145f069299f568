package xenolith.tool.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.tool.console.ConsoleTarget;
import xenolith.tool.input.BadInputException;

class DomainConfigTest {
    private static final long MIB = 1L << 20;

    private static DomainConfig config(String name, long memoryBytes, int vcpuCount, String cmdline) {
        return new DomainConfig(name, memoryBytes, vcpuCount, Path.of("vmlinuz"), null, cmdline,
                new ConsoleTarget.Stdio(), null, false, true, false, Set.of(), List.of(), List.of(), List.of());
    }

    @Test
    void memoryHasAFloorAndACeiling() {
        assertThat(config("a", 32 * MIB, 1, "").memoryBytes()).isEqualTo(32 * MIB);
        assertThatThrownBy(() -> config("a", 31 * MIB, 1, "")).hasMessage("memory 31M is too small; the least is 32M");
        assertThatThrownBy(() -> config("a", 257L << 30, 1, "")).hasMessage("memory 257G is too large; the most is 256G");
        assertThatThrownBy(() -> config("a", 32 * MIB + 4096, 1, "")).hasMessageContaining("whole number of mebibytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "ä", "x\n"})
    void aNameIsMadeOfPlainLetters(String name) {
        assertThatThrownBy(() -> config(name, 64 * MIB, 1, "")).isInstanceOf(BadInputException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 33})
    void virtualCpusAreOneToThirtyTwo(int vcpuCount) {
        assertThatThrownBy(() -> config("a", 64 * MIB, vcpuCount, "")).isInstanceOf(BadInputException.class);
    }

    @Test
    void aTraceIsChosenByName() {
        assertThat(Trace.parse("hypercalls,faults")).containsExactlyInAnyOrder(Trace.HYPERCALLS, Trace.FAULTS);
        assertThatThrownBy(() -> Trace.parse("hypercalls,")).hasMessageContaining("nothing called ''");
    }

    @Test
    void aConsoleIsChosenByName() {
        assertThat(ConsoleTarget.parse("pty")).isEqualTo(new ConsoleTarget.Pty());
        assertThat(ConsoleTarget.parse("file:a.log")).isEqualTo(new ConsoleTarget.ToFile(Path.of("a.log")));
        assertThatThrownBy(() -> ConsoleTarget.parse("file:")).hasMessageContaining("the console cannot be 'file:'");
    }
}
