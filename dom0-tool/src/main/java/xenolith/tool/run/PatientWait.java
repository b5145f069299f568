package xenolith.tool.run;

/// Waits for an end that may be hastened but not skipped: an interrupt asks for the end once, and is the thread's again
/// when this is closed, after everything that waits too.
final class PatientWait implements AutoCloseable {
    /// What may be interrupted while it waits.
    @FunctionalInterface
    interface Waiting<T> {
        T await() throws InterruptedException;
    }

    private boolean interrupted;

    /// Returns what `waiting` does. `hasten` runs at the first interrupt.
    <T> T await(Waiting<T> waiting, Runnable hasten) {
        for (;;) {
            try {
                return waiting.await();
            } catch (InterruptedException _) {
                if (!interrupted) {
                    hasten.run();
                }
                interrupted = true;
            }
        }
    }

    @Override
    public void close() {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
