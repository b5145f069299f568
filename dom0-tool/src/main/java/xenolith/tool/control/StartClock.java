package xenolith.tool.control;

import java.time.Duration;
import java.time.Instant;

/// When this process began, so that a boot's times count the JVM's own start.
///
/// The kernel keeps a process's start in clock ticks: the origin is good to 10 ms.
public final class StartClock {
    private StartClock() {
    }

    /// The reading that [System#nanoTime] would have given when the process began.
    public static long originNanoTime() {
        Instant now = Instant.now();
        long nowNanoTime = System.nanoTime();
        Instant start = ProcessHandle.current().info().startInstant().orElse(now);
        return nowNanoTime - Math.max(0, Duration.between(start, now).toNanos());
    }
}
