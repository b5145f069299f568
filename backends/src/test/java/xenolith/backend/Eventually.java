package xenolith.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.Supplier;

/// Waits for what another thread is about to do.
public final class Eventually {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Eventually() {
    }

    /// Returns when `actual` gives `expected`; fails if it has not within twenty seconds.
    public static void is(Object expected, Supplier<?> actual) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!expected.equals(actual.get()) && System.nanoTime() < deadline) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        assertThat((Object) actual.get()).isEqualTo(expected);
    }
}
