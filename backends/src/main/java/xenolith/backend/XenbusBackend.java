package xenolith.backend;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import xenolith.abi.io.XenbusState;
import xenolith.posix.HostException;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.StoreClient.WatchHandle;

/// The backend's half of the handshake by which a device is found, connected and let go (`xen/io/xenbus.h`), the same
/// for every kind of device.
///
/// | the frontend is | we are | what happens |
/// |---|---|---|
/// | `Initialising` | `InitWait` | nothing: it is for the frontend to look at our offer |
/// | `Initialising` | `Connected`, `Closing` or `Closed` | it starts anew (a driver loaded again, a kernel after kexec): disconnect, offer, `InitWait` |
/// | `Initialised` or `Connected` | `InitWait` | connect, `Connected` |
/// | `Initialised` or `Connected` | `Closed` | as if it had been `Initialising` in between |
/// | `Initialised` after `Connected` | `Connected` | it has made new rings: disconnect and connect |
/// | `Initialising` | any, and the device is not `online` any more | disconnect, `Closed` |
/// | `Closing` | any but `Closed` | `Closing`; requests are served on, the frontend may still flush |
/// | `Closed`, or nothing that is a state | any | disconnect, `Closed`; a device that is not `online` any more ends here |
/// | any other | any | nothing |
///
/// What cannot be served (a ring that lies, nodes that make no sense) is told by a node `error`, and the device goes to
/// `Closing`; the frontend has a new start by going through `Closed` or `Initialising`. The guest may write any state at
/// any time, and changes may be seen late or together: only what stands there now counts. Nothing here waits for the
/// guest. A thread of its own does all this, so that a device that is slow to disconnect holds up no other.
public final class XenbusBackend implements AutoCloseable {
    private static final Logger LOG = System.getLogger(XenbusBackend.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long NS_PER_MS = 1_000_000;
    /// A frontend can break its device as often as it likes, or have a fault of ours come again, and must not fill the
    /// log: from then on the node `error` alone says why.
    private static final int LOGGED_FAULTS = 10;

    private final DeviceId device;
    private final StoreNodes nodes;
    private final DeviceDriver driver;
    private final StoreClient store;
    private final BackendThread thread;
    private volatile XenbusState state = XenbusState.INITIALISING;
    private volatile Fault fault;
    /// Why the device cannot be served, or null while it can.
    private volatile String hindrance;
    private volatile boolean announcing;
    private volatile boolean closed;
    private final Object stateChange = new Object();
    private volatile XenbusState frontendSeen = XenbusState.UNKNOWN;
    private WatchHandle frontendWatch;
    private WatchHandle onlineWatch;
    /// Counts connections, so that a fault of an old one does not end a new one.
    private int connection;
    private int faultCount;
    /// A count of its own: a frontend that breaks its device shall not silence where a fault of ours comes from.
    private int ourFaultCount;

    private record Fault(int connection, String reason) {
    }

    /// How the two halves stand.
    ///
    /// @param backend     our state's name, of `enum xenbus_state`
    /// @param frontend    the frontend's, when we looked last
    /// @param isConnected whether requests are served
    /// @param hindrance   why the device was closed by us, or null
    public record Status(String backend, String frontend, boolean isConnected, String hindrance) {
    }

    /// A device whose directories are in the store already.
    public XenbusBackend(StoreClient store, DeviceId device, DeviceDriver driver) {
        this.store = store;
        this.device = device;
        this.driver = driver;
        this.nodes = new StoreNodes(store, device);
        this.thread = new BackendThread(device.kind() + '-' + device.domid() + '-' + device.number(), this::round,
                this::lastRound);
    }

    /// Makes our offer and begins to follow the frontend.
    public void start() {
        thread.start();
        frontendWatch = store.watch(nodes.frontendStatePath(), _ -> thread.wake());
        onlineWatch = store.watch(device.backendPath() + "/online", _ -> thread.wake());
    }

    /// Where our half stands.
    public XenbusState state() {
        return state;
    }

    /// Where the frontend stood when we looked last.
    XenbusState frontendSeen() {
        return frontendSeen;
    }

    /// The toolstack takes the device away: the frontend is asked to close it, and gets no new one.
    public void detach() {
        nodes.writeIfThere("online", "0");
        thread.wake();
    }

    public Status status() {
        XenbusState now = state;
        return new Status(now.name(), frontendSeen.name(), now == XenbusState.CONNECTED, hindrance);
    }

    /// Waits until the halves have met. Returns false if they have not after `patience`, or cannot.
    public boolean awaitConnected(Duration patience) throws InterruptedException {
        return await(XenbusState.CONNECTED, patience);
    }

    /// Waits until the frontend has let go, after [#detach]. Returns false if it has not after `patience`.
    public boolean awaitClosed(Duration patience) throws InterruptedException {
        return await(XenbusState.CLOSED, patience);
    }

    /// Writes `changed` into our directory, and tells a connected frontend to look at it again, which is done by writing
    /// the state once more.
    public void announce(Map<String, String> changed) {
        changed.forEach(nodes::writeIfThere);
        announcing = true;
        thread.wake();
    }

    private boolean await(XenbusState wanted, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (stateChange) {
            while (state != wanted && !closed && !(wanted == XenbusState.CONNECTED && hindrance != null)) {
                long leftMs = (deadline - System.nanoTime()) / NS_PER_MS;
                if (leftMs <= 0) {
                    return false;
                }
                stateChange.wait(leftMs);
            }
            return state == wanted;
        }
    }

    /// Disconnects, when the domain is gone or about to go. When it returns no page of the guest's is touched any more.
    @Override
    public void close() {
        if (frontendWatch != null) {
            frontendWatch.close();
            onlineWatch.close();
        }
        thread.stopAndWait(PATIENCE, () -> LOG.log(Level.WARNING, "{0} is slow to end", device.backendPath()));
        try {
            driver.disconnect();
        } finally {
            closed = true;
            tellWaiters();
        }
    }

    private void tellWaiters() {
        synchronized (stateChange) {
            stateChange.notifyAll();
        }
    }

    private boolean round() {
        try {
            step();
        } catch (HostException e) {
            failAtAnyRate("the host failed: " + e.getMessage());
        } catch (RuntimeException | Error e) {
            logOurs("a fault of ours in ", e);
            failAtAnyRate("internal error: " + e);
        }
        return false;
    }

    /// Whatever was broken may break this too; the thread goes on, for the frontend may begin anew.
    private void failAtAnyRate(String reason) {
        try {
            fail(reason);
        } catch (RuntimeException e) {
            logOurs("and it cannot be closed: ", e);
        }
    }

    private void logOurs(String what, Throwable e) {
        if (ourFaultCount < LOGGED_FAULTS) {
            ourFaultCount++;
            LOG.log(Level.ERROR, what + device.backendPath(), e);
        }
    }

    private void step() {
        if (!nodes.exists()) {
            driver.disconnect();
            to(XenbusState.CLOSED);
            return;
        }
        if (state == XenbusState.INITIALISING) {
            offer();
        }
        XenbusState frontend = nodes.frontendState();
        XenbusState before = frontendSeen;
        frontendSeen = frontend;
        follow(frontend, before);
        Fault broken = fault;
        if (broken != null && broken.connection() == connection && state == XenbusState.CONNECTED) {
            fail(broken.reason());
        }
        if (!nodes.isOnline() && state == XenbusState.CONNECTED) {
            to(XenbusState.CLOSING);
        } else if (!nodes.isOnline() && state == XenbusState.INIT_WAIT) {
            to(XenbusState.CLOSED);
        }
        if (announcing && state == XenbusState.CONNECTED) {
            announcing = false;
            driver.describe(nodes);
            nodes.backendState(state);
        }
    }

    private boolean lastRound() {
        driver.disconnect();
        return false;
    }

    private void follow(XenbusState frontend, XenbusState before) {
        switch (frontend) {
            case INITIALISING -> {
                if (!nodes.isOnline()) {
                    driver.disconnect();
                    to(XenbusState.CLOSED);
                } else if (state != XenbusState.INIT_WAIT) {
                    offerAnew();
                }
            }
            case INITIALISED, CONNECTED -> connectIfDue(frontend, before);
            case CLOSING -> {
                if (state != XenbusState.CLOSED) {
                    to(XenbusState.CLOSING);
                }
            }
            case CLOSED, UNKNOWN -> {
                driver.disconnect();
                to(XenbusState.CLOSED);
            }
            case INIT_WAIT, RECONFIGURING, RECONFIGURED -> { }
        }
    }

    private void connectIfDue(XenbusState frontend, XenbusState before) {
        if (state == XenbusState.CLOSED && nodes.isOnline()) {
            offerAnew();
        }
        boolean again = state == XenbusState.CONNECTED && frontend == XenbusState.INITIALISED
                && before == XenbusState.CONNECTED;
        if (state != XenbusState.INIT_WAIT && !again) {
            return;
        }
        driver.disconnect();
        int mine = ++connection;
        try {
            driver.connect(nodes, reason -> {
                fault = new Fault(mine, reason);
                thread.wake();
            });
            to(XenbusState.CONNECTED);
        } catch (FrontendException e) {
            fail(e.getMessage());
        }
    }

    private void offerAnew() {
        driver.disconnect();
        offer();
    }

    private void offer() {
        hindrance = null;
        driver.offer(nodes);
        to(XenbusState.INIT_WAIT);
    }

    private void fail(String reason) {
        if (faultCount < LOGGED_FAULTS) {
            faultCount++;
            LOG.log(Level.WARNING, "{0} is closed: {1}", device.frontendPath(), reason);
        }
        try {
            driver.disconnect();
        } finally {
            nodes.error(reason);
            hindrance = reason;
            to(XenbusState.CLOSING);
        }
    }

    private void to(XenbusState next) {
        if (state != next) {
            state = next;
            nodes.backendState(next);
            tellWaiters();
        }
    }
}
