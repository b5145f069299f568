package xenolith.backend.remote;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.BooleanSupplier;
import xenolith.backend.ThreadEnd;
import xenolith.backend.remote.BackendSource.UnreachableException;

/// Sees to it that a device has a process: one at a time, each after the end of the one before, with pauses that grow
/// while they do not live long.
///
/// **Why nobody touches the guest's pages twice over.** A session that is lost is buried before the next begins
/// ([Burial]): its process is killed if it is ours, and its end is waited for, which the host tells when all its
/// threads and with them its memory are gone; or somebody else's greets again, which it does when it has let go of
/// everything. Only then are the pages unmapped that it had mapped, and only then may another process or the stand-in
/// touch the rings.
final class Supervisor {
    private static final Logger LOG = System.getLogger(Supervisor.class.getName());
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long LONG_LIFE_NS = SECOND_NS / 2;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 5_000;

    private final String name;
    private final Patience patience;
    private final RemoteDriver driver;
    private final Burial burial;
    private final Connections connections;
    private final Thread thread;
    /// Guarded by this.
    private Session current;
    private boolean burying;
    private boolean closed;
    private boolean domainGone;
    /// Why there will be no process any more, or null.
    private String failure;
    private long pauseMs;
    /// Since when no process has served for a while; 0 if one has.
    private long absentSince;
    /// The supervisor's thread alone uses these.
    private String lastComplaint = "";
    private Session next;
    /// One whose process may have it all still, when the thread has ended by a fault of ours.
    private Session unburied;

    Supervisor(String name, BackendSource source, Patience patience, RemoteDriver driver,
            Connections.Greeting greeting) {
        this.name = name;
        this.patience = patience;
        this.driver = driver;
        this.burial = new Burial(name, source.isOurs(), patience, this::isClosed, this::isUnwanted);
        this.connections = new Connections(source, greeting, burial::kill);
        this.thread = Thread.ofPlatform().name("supervisor-" + name).daemon().unstarted(this::run);
    }

    void start() throws UnreachableException {
        current = connections.next();
        thread.start();
    }

    synchronized void domainGone() {
        domainGone = true;
        notifyAll();
    }

    /// The session that is up, waiting for one for a while; null if there is none, or once `otherwise` holds.
    synchronized Session await(BooleanSupplier otherwise, long timeoutNs) {
        long deadline = System.nanoTime() + timeoutNs;
        while (current == null && !closed && !domainGone && failure == null
                && (otherwise == null || !otherwise.getAsBoolean()) && System.nanoTime() < deadline) {
            pause(deadline - System.nanoTime());
        }
        return current;
    }

    /// The session that is up, or null when none is and the last one is buried.
    synchronized Session awaitBuried() {
        while (burying) {
            pause(SECOND_NS);
        }
        return current;
    }

    private synchronized void pause(long timeoutNs) {
        try {
            wait(Math.max(1, timeoutNs / 1_000_000));
        } catch (InterruptedException _) {
            // Nobody interrupts these threads but to end them, which happens by closed.
        }
    }

    /// A command has failed: the session's process counts as dead from now on.
    void lost(Session session, LinkLostException why) {
        LOG.log(Level.WARNING, "{0}: its process does not do what it is asked: {1}", name, why.getMessage());
        session.end();
        synchronized (this) {
            while (current == session) {
                pause(SECOND_NS);
            }
        }
    }

    /// Why there will be no process any more, or null.
    synchronized String failure() {
        return failure;
    }

    private void run() {
        try {
            for (Session session = current; session != null; session = revive()) {
                long bornAt = System.nanoTime();
                Throwable fault = serve(session);
                if (fault != null) {
                    unburied = next;
                    giveUp(fault);
                    return;
                }
                synchronized (this) {
                    boolean livedLong = System.nanoTime() - bornAt >= LONG_LIFE_NS;
                    pauseMs = livedLong ? 0 : Math.clamp(2 * pauseMs, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
                    absentSince = livedLong || absentSince == 0 ? System.nanoTime() : absentSince;
                }
            }
        } catch (RuntimeException | Error e) {
            giveUp(e);
        }
    }

    /// Nobody sees to the device any more: who waits for a process is told so, and the device is closed.
    private void giveUp(Throwable fault) {
        LOG.log(Level.ERROR, name + ": a fault of ours; it is closed", fault);
        String reason = "internal error: " + fault;
        synchronized (this) {
            failure = reason;
            current = null;
            burying = false;
            notifyAll();
        }
        driver.failed(reason);
    }

    /// The life of a session, to its process's end. Returns a fault of ours that ended it, or null.
    private Throwable serve(Session session) {
        unburied = session;
        publish(session);
        Throwable fault = null;
        try {
            driver.bringBack(session);
        } catch (LinkLostException e) {
            LOG.log(Level.WARNING, "{0}: its new process does not connect: {1}", name, e.getMessage());
            session.end();
        } catch (RuntimeException | Error e) {
            fault = e;
            session.end();
        }
        String reason = session.awaitEnd();
        synchronized (this) {
            burying = true;
            current = null;
            notifyAll();
        }
        if (!isClosed()) {
            LOG.log(Level.WARNING, "{0}: its process is gone ({1}); requests wait for another", name, reason);
        }
        next = burial.bury(session, this::sameProcess);
        unburied = null;
        synchronized (this) {
            burying = false;
            notifyAll();
        }
        return fault;
    }

    /// Who closes sees the session, or we see that it is closed: it is ended by one of both.
    private void publish(Session session) {
        boolean unwanted;
        synchronized (this) {
            current = session;
            unwanted = closed;
            notifyAll();
        }
        if (unwanted) {
            session.end();
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized boolean isUnwanted() {
        return domainGone || closed;
    }

    /// A new session with that process, or null.
    private Session sameProcess(Peer old) {
        try {
            Session session = connections.next();
            if (session.peer().isOfProcess(old)) {
                return session;
            }
            Burial.end(session);
            return null;
        } catch (UnreachableException _) {
            return null;
        }
    }

    /// The next session, or null when none is wanted any more.
    private Session revive() {
        Session known = next;
        next = null;
        while (known == null) {
            synchronized (this) {
                long until = System.nanoTime() + pauseMs * 1_000_000;
                while (!closed && System.nanoTime() < until) {
                    pause(until - System.nanoTime());
                }
                if (closed) {
                    return null;
                }
            }
            failIfTooLong();
            try {
                known = connections.next();
            } catch (UnreachableException e) {
                complain(e.getMessage());
                synchronized (this) {
                    pauseMs = Math.clamp(2 * pauseMs, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
                }
            }
        }
        LOG.log(Level.INFO, "{0}: another process serves it", name);
        lastComplaint = "";
        return known;
    }

    /// Once for each reason: somebody else's process may be away for long.
    private void complain(String reason) {
        if (!reason.equals(lastComplaint)) {
            lastComplaint = reason;
            LOG.log(Level.WARNING, "{0}: no process serves it: {1}", name, reason);
        }
    }

    private void failIfTooLong() {
        long since;
        synchronized (this) {
            since = absentSince;
        }
        if (since != 0 && System.nanoTime() - since >= patience.absence().toNanos() && driver.standIn()) {
            LOG.log(Level.ERROR, "{0}: no process has served it for {1} s; its requests fail from now on", name,
                    patience.absence().toSeconds());
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /// Ends the connection and waits for the process's end.
    void close() {
        Session session;
        synchronized (this) {
            closed = true;
            session = current;
            notifyAll();
        }
        if (session != null) {
            session.end();
        }
        ThreadEnd.await(thread);
        if (unburied != null) {
            unburied.end();
            unburied.awaitEnd();
            burial.bury(unburied, this::sameProcess);
            unburied = null;
        }
    }
}
