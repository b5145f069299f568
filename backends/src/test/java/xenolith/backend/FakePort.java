package xenolith.backend;

import java.util.concurrent.Semaphore;
import xenolith.vmm.port.EventPort;

/// An event channel without a machine: the test holds the guest's end.
public final class FakePort implements EventPort {
    private final Semaphore toGuest = new Semaphore(0);
    private volatile boolean closed;
    private volatile Runnable onNotify = () -> {
    };
    private volatile Runnable listener = () -> {
    };

    @Override
    public void notifyGuest() {
        onNotify.run();
        toGuest.release();
    }

    /// What happens whenever the guest is sent an event, on the thread that sends it.
    public void onNotify(Runnable runnable) {
        onNotify = runnable;
    }

    @Override
    public void onNotification(Runnable runnable) {
        listener = runnable;
    }

    @Override
    public void close() {
        closed = true;
        listener = () -> {
        };
    }

    public boolean isClosed() {
        return closed;
    }

    /// The guest sends on its end.
    public void send() {
        listener.run();
    }

    /// How many events the guest has got and not yet taken.
    public int pendingCount() {
        return toGuest.availablePermits();
    }

    /// The guest waits for at least one event and takes all. Returns false if none came within five seconds.
    public boolean awaitEvent() throws InterruptedException {
        boolean came = toGuest.tryAcquire(5, java.util.concurrent.TimeUnit.SECONDS);
        toGuest.drainPermits();
        return came;
    }
}
