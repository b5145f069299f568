package xenolith.backend.net;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Consumer;
import xenolith.backend.BrokenRingException;
import xenolith.backend.Endings;
import xenolith.posix.EventFd;
import xenolith.posix.HostException;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// One queue of a connected interface: a transmit and a receive ring, and the link's port. Served by a [NetWorker].
final class NetQueue {
    private static final Logger LOG = System.getLogger(NetQueue.class.getName());
    /// A frontend may have a fault of ours come again by each new connection, and must not fill the log.
    private static final int LOGGED_FAULTS = 10;

    private final TxPath tx;
    private final RxPath rx;
    private final FramePort link;
    private final GrantAccess grants;
    private final EventPort txPort;
    private final EventPort rxPort;
    private final NetCounters counters;
    private final Consumer<String> onFault;
    /// What KVM signals for the guest's sends, where it can.
    private final EventFd bell = EventFd.create();
    private boolean broken;

    /// A queue over what its frontend has granted and made.
    ///
    /// @param rxPort the same as `txPort` where the frontend has one event channel for both
    NetQueue(TxPath tx, RxPath rx, FramePort link, GrantAccess grants, EventPort txPort, EventPort rxPort,
            NetCounters counters, Consumer<String> onFault) {
        this.tx = tx;
        this.rx = rx;
        this.link = link;
        this.grants = grants;
        this.txPort = txPort;
        this.rxPort = rxPort;
        this.counters = counters;
        this.onFault = onFault;
    }

    /// Says whom the guest's events wake.
    void listen(Runnable wake) {
        Runnable listener = () -> {
            counters.guestEvents(1);
            wake.run();
        };
        txPort.onNotification(listener, bell.raw());
        if (rxPort != txPort) {
            rxPort.onNotification(listener, bell.raw());
        }
    }

    /// A second descriptor to wait for: it counts what the guest sends.
    int bellDescriptor() {
        return bell.raw();
    }

    /// Whatever the guest has sent until now is looked for after this.
    void hear() {
        counters.guestEvents(bell.drain());
    }

    /// Moves up to `budget` packets each way. Returns how much was moved.
    int serve(int budget, long nowNs) {
        if (broken) {
            return 0;
        }
        try {
            return tx.serve(budget, nowNs) + rx.serve(budget, nowNs);
        } catch (BrokenRingException | RuntimeException | Error e) {
            breaks(e);
            return 0;
        }
    }

    /// It is served no more. Its worker goes on with the queues of others, if it can.
    void breaks(Throwable reason) {
        broken = true;
        onFault.accept(switch (reason) {
            case BrokenRingException e -> e.getMessage();
            case HostException e -> "the host failed: " + e.getMessage();
            default -> {
                if (counters.loggedFaults < LOGGED_FAULTS) {
                    counters.loggedFaults++;
                    LOG.log(Level.ERROR, "a fault of ours in an interface's queue", reason);
                }
                yield "internal error: " + reason;
            }
        });
    }

    /// Before the worker sleeps: asks the guest for events. Returns whether there is work now.
    boolean settle() {
        if (broken) {
            return false;
        }
        try {
            long nowNs = System.nanoTime();
            boolean txWork = tx.settle(nowNs);
            return rx.settle(nowNs) || txWork;
        } catch (BrokenRingException | RuntimeException | Error e) {
            breaks(e);
            return false;
        }
    }

    /// A descriptor to wait for, or -1.
    int descriptor() {
        try {
            return broken ? -1 : rx.descriptor();
        } catch (RuntimeException | Error e) {
            breaks(e);
            return -1;
        }
    }

    /// When to serve it though nothing happens; [Long#MAX_VALUE] if never.
    long dueNs() {
        return broken ? Long.MAX_VALUE : Math.min(tx.dueNs(), rx.dueNs());
    }

    void slept() {
        counters.sleeps++;
    }

    void napped() {
        counters.naps++;
        if (broken) {
            return;
        }
        try {
            tx.sendOwedEvent(System.nanoTime());
        } catch (RuntimeException | Error e) {
            breaks(e);
        }
    }

    /// Lets go of the guest's pages and ports and of the link's. No worker serves it any more.
    void close() {
        Endings.runAll(List.of(txPort::close, rxPort::close, bell::close, grants::close, link::close));
    }
}
