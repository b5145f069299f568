package xenolith.backend;

import java.util.function.Supplier;
import xenolith.posix.EventFd;
import xenolith.posix.Poll;

/// What a device's thread sleeps by where KVM itself may tell it of the guest's sends
/// ([xenolith.vmm.port.EventPort#onNotification(Runnable, int)]).
///
/// [#ring] and [#close] may be called by any thread, the others by the one that sleeps.
public final class GuestBell implements AutoCloseable {
    private final EventFd fromGuest;
    private final EventFd fromUs;
    private final Poll poll = new Poll(2);
    private boolean closed;

    public GuestBell() {
        this(EventFd::create);
    }

    GuestBell(Supplier<EventFd> eventFds) {
        fromGuest = eventFds.get();
        try {
            fromUs = eventFds.get();
        } catch (RuntimeException e) {
            fromGuest.close();
            throw e;
        }
        poll.add(fromGuest.raw(), Poll.POLLIN);
        poll.add(fromUs.raw(), Poll.POLLIN);
    }

    /// The eventfd that counts what the guest sends.
    public int descriptor() {
        return fromGuest.raw();
    }

    /// Ends [#await], the present one or the next.
    public synchronized void ring() {
        // Not once it is closed: the port's last listener may be late.
        if (!closed) {
            fromUs.signal();
        }
    }

    /// Waits until it rings, or has since the last [#heard], or until `timeoutNs` has passed (-1: for ever). Returns whether
    /// it rang; false may come early.
    public boolean await(long timeoutNs) {
        boolean rang = poll.await(timeoutNs) > 0;
        if (rang && poll.revents(1) != 0) {
            fromUs.drain();
        }
        return rang;
    }

    /// How often KVM has told of the guest since the last call. Who looks for work after this call misses none.
    public long heard() {
        return fromGuest.drain();
    }

    /// The thread has ended, and the port is closed.
    @Override
    public synchronized void close() {
        closed = true;
        fromGuest.close();
        fromUs.close();
    }
}
