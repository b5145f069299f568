package xenolith.backend;

import java.util.List;

/// Ends several things, each whatever becomes of the others.
public final class Endings {
    private Endings() {
    }

    /// Runs all, in their order. What the first of those that fail has thrown is thrown then, with the others' suppressed.
    public static void runAll(List<Runnable> endings) {
        RuntimeException failure = null;
        for (Runnable ending : endings) {
            try {
                ending.run();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
