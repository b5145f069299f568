package xenolith.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessorsTest {
    private final int available = Runtime.getRuntime().availableProcessors();

    @Test
    void pollersRestWhileABackendHasNoProcessorLeft() {
        Processors processors = new Processors((available + 1) / 2);
        assertThat(processors.areShort()).isFalse();
        processors.working(true);
        assertThat(processors.areShort()).isTrue();
        processors.working(true);
        processors.working(false);
        assertThat(processors.areShort()).isTrue();
        processors.working(false);
        assertThat(processors.areShort()).as("nobody works").isFalse();
    }

    @Test
    void andWhileOneOfAnotherProcessHasNone() {
        Processors processors = new Processors((available + 1) / 2);
        int[] threads = {0};
        Runnable end = processors.workingElsewhere(() -> threads[0]);
        assertThat(processors.areShort()).isFalse();
        threads[0] = 2;
        assertThat(processors.areShort()).isTrue();
        end.run();
        assertThat(processors.areShort()).isFalse();
    }
}
