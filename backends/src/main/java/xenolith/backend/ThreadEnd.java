package xenolith.backend;

import java.time.Duration;

/// Waits for threads whose work must be over before what they work on goes. An interrupt of the caller's waits until then.
public final class ThreadEnd {
    private ThreadEnd() {
    }

    /// Waits for the end of a thread that has started.
    public static void await(Thread thread) {
        await(thread, Duration.ofDays(1), () -> { });
    }

    /// The same; says `slow` each time that `patience` has passed.
    public static void await(Thread thread, Duration patience, Runnable slow) {
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = thread.join(patience);
                if (!ended) {
                    slow.run();
                }
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
