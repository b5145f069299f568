package xenolith.backend.remote;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import xenolith.backend.remote.BackendSource.UnreachableException;
import xenolith.posix.HostException;

/// Where a device's sessions come from. One connection at a time, to its last descriptor: a process that makes closing
/// them take for ever gets no other.
final class Connections {
    private static final long CLOSED_NS = 1_000_000_000L;

    private final BackendSource source;
    private final Greeting greeting;
    private final Consumer<Peer> kill;
    private final Semaphore free = new Semaphore(1);

    /// Makes a session of a connection, which is its own from then on. `onClosed` runs when nothing is left of that,
    /// also when no session is made.
    @FunctionalInterface
    interface Greeting {
        Session greet(Peer peer, Runnable onClosed);
    }

    /// @param kill ends a process of ours and waits for its end
    Connections(BackendSource source, Greeting greeting, Consumer<Peer> kill) {
        this.source = source;
        this.greeting = greeting;
        this.kill = kill;
    }

    /// A session with a process that has been greeted. Of one that cannot be, nothing is left.
    ///
    /// @throws UnreachableException if there is none now, or the host has no room for one
    Session next() throws UnreachableException {
        awaitFree();
        Peer peer;
        try {
            peer = source.connect();
        } catch (UnreachableException | RuntimeException | Error e) {
            free.release();
            throw e;
        }
        try {
            return greeting.greet(peer, free::release);
        } catch (LinkLostException e) {
            forget(peer);
            throw new UnreachableException("the process " + e.getMessage());
        } catch (HostException e) {
            // Out of descriptors, say: another time there may be some.
            forget(peer);
            throw new UnreachableException(e.getMessage());
        } catch (RuntimeException | Error e) {
            forget(peer);
            throw e;
        }
    }

    private void awaitFree() throws UnreachableException {
        try {
            if (!free.tryAcquire(CLOSED_NS, TimeUnit.NANOSECONDS)) {
                throw new UnreachableException("its last connection cannot be closed");
            }
        } catch (InterruptedException _) {
            throw new UnreachableException("interrupted");
        }
    }

    private void forget(Peer peer) {
        if (source.isOurs()) {
            kill.accept(peer);
        }
        peer.close();
    }
}
