package xenolith.xenstore;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import xenolith.xenstore.XenstoreException.MalformedRequest;
import xenolith.xenstore.XenstoreException.NotFound;

/// Serves the store to domains, and to whoever else brings a [Transport], with one thread.
///
/// The thread takes clients in turn and never waits for one: a client whose ring is full is left alone until it says
/// that it has read. One that breaks the rules is disconnected with a reason; the others do not notice.
///
/// May be called by any thread.
public final class XenstoreServer implements AutoCloseable {
    private static final Logger LOG = System.getLogger(XenstoreServer.class.getName());
    private static final long LOOK_AGAIN_MS = 1;

    private final Store store;
    private final BlockingQueue<Session> ready = new LinkedBlockingQueue<>();
    private final Map<Integer, Session> domains = new ConcurrentHashMap<>();
    /// Who sent something since the last pause; the thread's own.
    private final Set<Session> heard = new HashSet<>();
    /// The rings of domains that this process runs, whether they are served or not.
    private final Map<Integer, DomainRing> rings = new ConcurrentHashMap<>();
    private final Set<Session> others = ConcurrentHashMap.newKeySet();
    private final Set<Integer> shutDown = ConcurrentHashMap.newKeySet();
    private final DomainOperations operations = new Operations();
    private final Thread thread;

    /// A server of `store`; no client is served before [#start].
    public XenstoreServer(Store store) {
        this.store = store;
        this.thread = Thread.ofPlatform().name("xenstore").daemon().unstarted(this::loop);
    }

    public void start() {
        thread.start();
    }

    public Store store() {
        return store;
    }

    /// A new client in Java with all rights.
    public StoreClient client() {
        return new StoreClient(store, Caller.DOM0);
    }

    /// Where a domain's ring is, by what `INTRODUCE` says of it.
    ///
    /// @param gfn       its page
    /// @param port      its event channel
    /// @param transport opens it, as it stands
    public record DomainRing(long gfn, int port, Supplier<Transport> transport) {
    }

    /// Serves a domain over its ring, which a toolstack may have served again after a `RELEASE`.
    public void introduce(int domid, DomainRing ring) {
        rings.put(domid, ring);
        introduce(domid, ring.transport.get());
    }

    /// A domain is gone, ring and all: as [#release], and it cannot be introduced again.
    public void forget(int domid) {
        rings.remove(domid);
        release(domid);
    }

    /// Serves a domain, as `INTRODUCE` asks for, and tells the watchers of `@introduceDomain`.
    ///
    /// @throws IllegalStateException if the domain is served already
    public void introduce(int domid, Transport transport) {
        Session session = session("domain " + domid, Caller.guest(domid), transport);
        if (domains.putIfAbsent(domid, session) != null) {
            throw new IllegalStateException("domain " + domid + " is introduced already");
        }
        shutDown.remove(domid);
        open(session, transport);
        store.fireSpecial(Path.INTRODUCE_DOMAIN);
    }

    /// Serves a client that is no domain of its own, such as a toolstack's socket, until its transport fails.
    public void attach(String name, Caller caller, Transport transport) {
        Session session = session(name, caller, transport);
        others.add(session);
        open(session, transport);
    }

    /// Ends a domain that is destroyed: serves it no more, forgets what it owned and was allowed, and tells the watchers
    /// of `@releaseDomain`. When this returns its transport is closed and not touched again. Does nothing for a domain
    /// that is not introduced.
    public void release(int domid) {
        Session session = domains.remove(domid);
        if (session != null) {
            session.close(null);
            shutDown.remove(domid);
            store.forget(domid);
            store.fireSpecial(Path.RELEASE_DOMAIN);
        }
    }

    /// Tells the watchers of `@releaseDomain` that a domain has shut down or crashed; once, until [#domainResumed].
    public void domainShutDown(int domid) {
        if (domains.containsKey(domid) && shutDown.add(domid)) {
            store.fireSpecial(Path.RELEASE_DOMAIN);
        }
    }

    /// A domain that had shut down runs again, as after a suspend.
    public void domainResumed(int domid) {
        shutDown.remove(domid);
    }

    public boolean isIntroduced(int domid) {
        return domains.containsKey(domid);
    }

    /// Why a domain that is introduced is served no more, or null if it is served.
    public String disconnectReason(int domid) {
        Session session = domains.get(domid);
        return session == null ? null : session.fault();
    }

    /// Disconnects all and ends the thread.
    @Override
    public void close() {
        thread.interrupt();
        domains.values().forEach(session -> session.close(null));
        others.forEach(session -> session.close(null));
        domains.clear();
        others.clear();
    }

    private Session session(String name, Caller caller, Transport transport) {
        Session[] self = new Session[1];
        Connection connection = new Connection(store, operations, caller, () -> schedule(self[0]));
        self[0] = new Session(name, transport, connection, () -> store.quota().unsentReplies());
        return self[0];
    }

    private void open(Session session, Transport transport) {
        transport.onReady(() -> schedule(session));
        schedule(session);
    }

    private void schedule(Session session) {
        if (session.schedule()) {
            ready.add(session);
        }
    }

    private void loop() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Session session = heard.isEmpty() ? ready.take() : ready.poll(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS);
                if (session == null) {
                    lookAgain();
                } else {
                    session.unschedule();
                    serve(session);
                }
            }
        } catch (InterruptedException _) {
            // Closed: this is the thread's end.
        }
    }

    /// Linux sends no event for a request if it finds us behind the one before (`xb_write`), but reads our index without a
    /// barrier: the processor may do so before it has stored Linux's own, and our full fence does not help against that.
    /// So once there is nothing else to do, whoever sent something is looked at again, when that store has long been done.
    private void lookAgain() {
        List<Session> again = List.copyOf(heard);
        heard.clear();
        again.forEach(this::serve);
    }

    private void serve(Session session) {
        try {
            if (session.serve()) {
                schedule(session);
            }
            if (session.takeProgress()) {
                heard.add(session);
            }
        } catch (ClientGoneException _) {
            session.close(null);
            others.remove(session);
        } catch (IOException e) {
            disconnect(session, e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "xenstore: a fault while serving " + session.name(), e);
            disconnect(session, "internal error: " + e);
        }
    }

    /// A disconnected domain stays introduced, as it still exists; it is just not heard.
    private void disconnect(Session session, String reason) {
        LOG.log(Level.WARNING, "xenstore: {0} is disconnected: {1}", session.name(), reason);
        session.close(reason == null ? "the connection failed" : reason);
        others.remove(session);
    }

    /// What the toolstack asks for over the wire.
    private final class Operations implements DomainOperations {
        @Override
        public void introduce(int domid, long gfn, int port) {
            // A second introduction, as after a resume, only tells the watchers, as in Xen.
            if (isIntroduced(domid)) {
                store.fireSpecial(Path.INTRODUCE_DOMAIN);
                return;
            }
            DomainRing ring = rings.get(domid);
            if (ring == null) {
                throw new NotFound("domain: " + domid);
            }
            if (ring.gfn != gfn || ring.port != port) {
                throw new MalformedRequest("its ring is at page " + ring.gfn + " and port " + ring.port);
            }
            XenstoreServer.this.introduce(domid, ring.transport.get());
        }

        @Override
        public Kept kept(int domid) {
            Session session = domains.get(domid);
            return session == null ? null : session.connection().kept();
        }

        @Override
        public void print(String text) {
            LOG.log(Level.INFO, "xenstore: {0}", text);
        }

        @Override
        public void release(int domid) {
            known(domid);
            XenstoreServer.this.release(domid);
        }

        @Override
        public void resume(int domid) {
            known(domid);
            domainResumed(domid);
        }

        @Override
        public boolean isIntroduced(int domid) {
            return domid == 0 || XenstoreServer.this.isIntroduced(domid);
        }

        @Override
        public void setTarget(int domid, int target) {
            known(target);
            known(domid).connection().setTarget(target);
        }

        private Session known(int domid) {
            Session session = domains.get(domid);
            if (session == null) {
                throw new NotFound("domain: " + domid);
            }
            return session;
        }
    }
}
