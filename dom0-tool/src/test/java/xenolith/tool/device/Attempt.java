package xenolith.tool.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;

/// Waits for what another thread is about to do.
final class Attempt {
    private static final long PATIENCE_NS = 20_000_000_000L;

    private Attempt() {
    }

    /// Returns when `condition` holds; fails if it does not within twenty seconds.
    static void until(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NS;
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("waited for what did not come").isLessThan(deadline);
            Thread.sleep(1);
        }
    }
}
