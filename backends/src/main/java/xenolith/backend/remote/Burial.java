package xenolith.backend.remote;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.BooleanSupplier;

/// What is done when a session has ended: its process's end is waited for, or that it lets go, and only then is
/// unmapped what it had mapped.
final class Burial {
    private static final Logger LOG = System.getLogger(Burial.class.getName());
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long REMINDER_NS = 30 * SECOND_NS;

    private final String name;
    private final boolean isOurs;
    private final Patience patience;
    private final BooleanSupplier isClosed;
    private final BooleanSupplier isUnwanted;

    /// @param isOurs     whether processes are ours to end
    /// @param isClosed   whether they have been told to go
    /// @param isUnwanted whether no other is wanted, or the domain is gone
    Burial(String name, boolean isOurs, Patience patience, BooleanSupplier isClosed, BooleanSupplier isUnwanted) {
        this.name = name;
        this.isOurs = isOurs;
        this.patience = patience;
        this.isClosed = isClosed;
        this.isUnwanted = isUnwanted;
    }

    /// Greets a process anew.
    @FunctionalInterface
    interface Again {
        /// A new session with the process of `old`, or null if there is none to be had now.
        Session with(Peer old);
    }

    /// Buries a session. Returns another one with the same process, if that lives on and was greeted anew, or null.
    Session bury(Session session, Again again) {
        Peer peer = session.peer();
        Session next = null;
        if (isOurs) {
            kill(peer);
        } else if (!session.holdsNothing()) {
            next = awaitLettingGo(peer, again);
        }
        try {
            session.release();
            peer.close();
            return next;
        } catch (RuntimeException | Error e) {
            if (next != null) {
                // Nobody else knows of it.
                end(next);
            }
            throw e;
        }
    }

    /// Ends a session that serves nothing yet.
    static void end(Session session) {
        session.end();
        session.awaitEnd();
        session.peer().close();
    }

    /// One that has been told to go goes by itself.
    void kill(Peer peer) {
        if (!isClosed.getAsBoolean() || !peer.awaitEnd(patience.afterlife().toNanos())) {
            peer.kill();
        }
        long since = System.nanoTime();
        while (!peer.awaitEnd(SECOND_NS)) {
            since = remind(since);
        }
    }

    /// Waits until somebody else's process has ended, or is there for a new connection: by the protocol's rule it has
    /// then let go of all that it had by an earlier one. When its domain is gone it is not waited for for long: what it
    /// still maps is that one's memory, and nobody else's.
    private Session awaitLettingGo(Peer peer, Again again) {
        long begin = System.nanoTime();
        long since = begin;
        while (!peer.awaitEnd(SECOND_NS)) {
            if (isUnwanted.getAsBoolean()) {
                if (System.nanoTime() - begin >= patience.afterlife().toNanos()) {
                    return null;
                }
                continue;
            }
            Session next = again.with(peer);
            if (next != null) {
                return next;
            }
            since = remind(since);
        }
        return null;
    }

    private long remind(long since) {
        if (System.nanoTime() - since < REMINDER_NS) {
            return since;
        }
        LOG.log(Level.WARNING, "{0}: its process lives on without a connection; what it maps stays granted", name);
        return System.nanoTime();
    }
}
