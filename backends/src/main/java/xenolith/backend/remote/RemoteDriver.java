package xenolith.backend.remote;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceNodes;
import xenolith.backend.FrontendException;
import xenolith.backend.remote.BackendSource.UnreachableException;
import xenolith.posix.HostException;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.SharedMemory;

/// A device whose driver runs in another process, as the handshake sees it. Processes come and go ([Supervisor]); what
/// the frontend has connected to stays.
///
/// While there is no process the guest's requests wait in its rings. When there was none for as long as [Patience] says,
/// a stand-in in this process fails them, and goes on failing until the frontend connects anew.
public final class RemoteDriver implements DeviceDriver, AutoCloseable {
    /// How long an answer is waited for by whoever lists devices, and what a process counted last before it goes.
    private static final long COUNTERS_NS = 50_000_000L;
    private static final long LAST_COUNTERS_NS = 1_000_000_000L;

    private final String name;
    private final String kind;
    private final SharedMemory memory;
    private final int maxQueues;
    private final WrittenNodes written = new WrittenNodes();
    private final Supervisor supervisor;
    private final CounterSums counters = new CounterSums();
    private final DeviceAccess domain;
    private final DriverFactory standIns;
    private final Patience patience;
    /// One command at a time, of the handshake's thread or the supervisor's.
    private final ReentrantLock commands = new ReentrantLock();
    private volatile Generation generation;
    /// Changed with [#commands] held.
    private volatile DeviceDriver standIn;
    private volatile boolean domainGone;
    /// Made by [#start].
    private StatusPage status;

    /// @param kind     as the store names it, `vbd`
    /// @param standIns makes a driver that answers every request with an error
    public RemoteDriver(String name, String kind, BackendSource source, DeviceAccess domain, SharedMemory memory,
            int maxQueues, DriverFactory standIns, Patience patience) {
        this.name = name;
        this.kind = kind;
        this.memory = memory;
        this.maxQueues = maxQueues;
        this.domain = domain;
        this.standIns = standIns;
        this.patience = patience;
        this.supervisor = new Supervisor(name, source, patience, this,
                (peer, onClosed) -> Session.open(parts(), peer, onClosed));
    }

    private Session.Parts parts() {
        return new Session.Parts(name, kind, domain, memory, maxQueues, written, status);
    }

    /// Gets the first process.
    ///
    /// @throws UnreachableException if there is none
    public void start() throws UnreachableException {
        try {
            status = StatusPage.create(name);
        } catch (HostException e) {
            throw new UnreachableException(e.getMessage());
        }
        try {
            supervisor.start();
        } catch (UnreachableException | RuntimeException | Error e) {
            status.close();
            throw e;
        }
    }

    /// What its processes have written last into a node of ours: their word.
    public Optional<String> written(String name) {
        return written.get(name);
    }

    /// The domain runs no more: nobody waits long for a process that does not do what it is asked.
    public void domainGone() {
        domainGone = true;
        supervisor.domainGone();
    }

    private long answerNs() {
        return (domainGone ? patience.afterlife() : patience.answer()).toNanos();
    }

    // ---- the handshake's thread

    @Override
    public void offer(DeviceNodes nodes) {
        for (;;) {
            Session session = supervisor.await(null, answerNs());
            if (session == null) {
                String failure = supervisor.failure();
                throw new IllegalStateException(failure == null ? "there is no process that serves the device" : failure);
            }
            try {
                offer(nodes, session);
                return;
            } catch (LinkLostException e) {
                supervisor.lost(session, e);
            }
        }
    }

    private void offer(DeviceNodes nodes, Session session) {
        commands.lock();
        try {
            session.offer(nodes, answerNs());
        } finally {
            commands.unlock();
        }
    }

    @Override
    public void connect(DeviceNodes nodes, Consumer<String> onFault) throws FrontendException {
        Generation mine = new Generation(domain, nodes, onFault);
        generation = mine;
        String refusal = connected(mine);
        if (refusal != null) {
            disconnect();
            throw new FrontendException(refusal);
        }
    }

    /// A process that is not there now writes everything when it connects.
    @Override
    public void describe(DeviceNodes nodes) {
        Session session = supervisor.await(() -> true, 0);
        if (session == null) {
            return;
        }
        commands.lock();
        try {
            session.describe(nodes, answerNs());
        } catch (LinkLostException _) {
            // Its successor looks at everything anew.
        } finally {
            commands.unlock();
        }
    }

    /// Waits until a process, or the stand-in, serves it. Returns what is wrong with the frontend, or null.
    private String connected(Generation mine) {
        for (;;) {
            Session session = supervisor.await(() -> standIn != null, patience.absence().toNanos() + answerNs());
            if (session == null) {
                return domainGone ? "the domain is gone" : supervisor.failure();
            }
            try {
                return bringUp(session);
            } catch (LinkLostException e) {
                supervisor.lost(session, e);
            }
        }
    }

    @Override
    public void disconnect() {
        Generation old = generation;
        if (old == null) {
            return;
        }
        generation = null;
        endStandIn();
        for (;;) {
            Session session = supervisor.awaitBuried();
            if (session == null) {
                break;
            }
            try {
                bringUp(session);
                break;
            } catch (LinkLostException e) {
                supervisor.lost(session, e);
            }
        }
        old.close();
    }

    private void endStandIn() {
        commands.lock();
        try {
            if (standIn != null) {
                standIn.disconnect();
                standIn = null;
            }
        } finally {
            commands.unlock();
        }
    }

    // ---- either thread

    /// Makes a session serve what there is to serve. Returns what is wrong with the frontend, or null.
    ///
    /// @throws LinkLostException if the process is gone, or does not answer
    String bringUp(Session session) {
        commands.lock();
        try {
            Generation wanted = standIn == null ? generation : null;
            if (session.served() == wanted) {
                return wanted == null ? null : session.refusal();
            }
            if (session.served() != null) {
                session.disconnect(answerNs());
            }
            return wanted == null ? null : session.connect(wanted, answerNs());
        } finally {
            commands.unlock();
        }
    }

    /// A new process after a dead one. What is wrong with the frontend closes the device.
    void bringBack(Session session) {
        String refusal = bringUp(session);
        Generation now = generation;
        if (refusal != null && now != null) {
            now.fault(refusal);
        }
    }

    /// There will be no process any more, by a fault of ours. What is connected cannot go on.
    void failed(String reason) {
        Generation now = generation;
        if (now != null) {
            now.fault(reason);
        }
    }

    /// There was no process for too long, and the last one is dead. Returns whether something was failed.
    boolean standIn() {
        commands.lock();
        try {
            Generation now = generation;
            if (now == null || standIn != null) {
                return false;
            }
            standIn = standIns.create(now.access(), now.rings(), Wire.MAX_RECORDS, status);
            try {
                standIn.connect(new SilentNodes(now.nodes()), now::fault);
            } catch (FrontendException | HostException e) {
                now.fault(e.getMessage());
            }
            return true;
        } finally {
            commands.unlock();
        }
    }

    /// Of all its processes; of one that died, or does not answer at once, what was known when somebody last asked.
    @Override
    public Map<String, Long> counters() {
        hear(session -> session.counters(COUNTERS_NS));
        return counters.all();
    }

    private void hear(Function<Session, Optional<Map<String, Long>>> question) {
        Session session = supervisor.await(() -> true, 0);
        if (session != null) {
            try {
                question.apply(session).ifPresent(counts -> counters.now(session, counts));
            } catch (LinkLostException _) {
                // Then what it said last.
            }
        }
    }

    /// Lets the process go. The device is disconnected by then.
    @Override
    public void close() {
        hear(session -> session.lastCounters(LAST_COUNTERS_NS));
        supervisor.close();
        status.close();
    }
}
