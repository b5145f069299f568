package xenolith.backend.remote;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import xenolith.posix.UnixSocket;

/// A device's process that is none, but a thread of the test: it can be made to die, which no thread can, at a moment
/// when its driver stands still in the midst of a request.
final class FakeProcess implements Peer.Life {
    private static final AtomicInteger PIDS = new AtomicInteger(1_000_000);

    /// The process's thread, with its end of the connection.
    private final Thread thread;
    private final UnixSocket theirs;
    private final UnixSocket ours;
    private final int pid;
    private final DriverFactory factory;
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile ServedDevice device;
    /// What is thrown when it is forgotten next, unless it is null.
    volatile RuntimeException inClose;

    /// @param factory null for a process that the test plays itself
    FakeProcess(DriverFactory factory) {
        this("vbd", factory);
    }

    FakeProcess(String kind, DriverFactory factory) {
        this(kind, factory, PIDS.incrementAndGet());
    }

    private FakeProcess(String kind, DriverFactory factory, int pid) {
        this.pid = pid;
        this.factory = factory;
        UnixSocket.Pair pair = UnixSocket.messagePair();
        ours = pair.first();
        theirs = pair.second();
        thread = Thread.ofPlatform().daemon().unstarted(() -> {
            if (factory != null) {
                device = new ServedDevice(theirs, kind, factory);
                device.run();
            }
        });
    }

    Peer peer() {
        thread.start();
        return new Peer(ours, pid, this, this::die);
    }

    /// Another connection to this process.
    FakeProcess reborn() {
        return new FakeProcess("vbd", factory, pid);
    }

    /// The process's end of the connection, for one that a test plays itself.
    UnixSocket socket() {
        return theirs;
    }

    /// As by SIGKILL: the connection ends, and nobody who waits for the end waits longer.
    /// A dead process says nothing more: its threads go on here, but only after the connection is closed.
    void die() {
        if (device != null) {
            device.link().close();
            while (isUp(device.link())) {
                Thread.onSpinWait();
            }
        } else {
            theirs.close();
        }
        end.countDown();
    }

    private static boolean isUp(Link link) {
        try {
            link.requireUp();
            return true;
        } catch (LinkLostException _) {
            return false;
        }
    }

    /// Loses the connection, but does not end.
    void hangUp() {
        device.link().close();
    }

    boolean isDead() {
        return end.getCount() == 0;
    }

    @Override
    public boolean awaitEnd(long timeoutNs) {
        try {
            return end.await(timeoutNs, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        RuntimeException fault = inClose;
        inClose = null;
        if (fault != null) {
            throw fault;
        }
    }

    /// Waits until the driver's threads have ended, which take a dead process's for ever.
    void join() throws InterruptedException {
        thread.join();
    }
}
