package xenolith.backend.blk;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.function.Consumer;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.RequestRing;
import xenolith.backend.BackendThread;
import xenolith.backend.BrokenRingException;
import xenolith.backend.blk.BlkCounters.Count;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// One ring of a connected disk and the thread that serves it, in the ring's order.
///
/// Requests of different queues are done side by side. A flush waits for all that was answered before it, by whichever
/// queue, which is what its sender can rely on.
///
/// While requests keep coming the thread looks at the ring itself and asks for no events, and publishes responses several
/// at a time ([BlkPace]).
final class BlkQueue {
    private static final Logger LOG = System.getLogger(BlkQueue.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final GrantAccess grants;
    private final EventPort port;
    private final RequestRing ring;
    private final BlkCounters counters;
    private final Consumer<String> onFault;
    private final BackendThread thread;
    private final BlkRun run;
    private final BlkPace pace = new BlkPace();
    private final MemorySegment response = Arena.ofAuto().allocate(Blkif.Response.SIZEOF, Long.BYTES);
    private int heldCount;
    private long heldSince;
    private boolean broken;

    /// A queue over what its frontend has granted and made; nothing happens until [#start].
    ///
    /// @param grants the queue's own, which [#stop] closes, as it does the port
    BlkQueue(String name, DeviceAccess domain, GrantAccess grants, RequestRing ring, EventPort port, BlkRun run,
            BlkCounters counters, Consumer<String> onFault) {
        this.grants = grants;
        this.ring = ring;
        this.port = port;
        this.run = run;
        this.counters = counters;
        this.onFault = onFault;
        this.thread = new BackendThread(name, this::round, () -> false);
        thread.workFor(domain);
    }

    void start() {
        port.onNotification(() -> {
            counters.add(Count.EVENTS_FROM_GUEST);
            thread.wake();
        });
        thread.start();
    }

    /// Waits for the requests in hand, then lets go of ring, pages and port. Requests not taken stay in the ring.
    void stop() {
        thread.stopAndWait(PATIENCE,
                () -> LOG.log(Level.WARNING, "a disk's storage is slow to answer; waiting for it"));
        port.close();
        grants.close();
    }

    private boolean round() {
        if (broken) {
            return false;
        }
        try {
            return serveWhileBusy();
        } catch (BrokenRingException e) {
            broken = true;
            onFault.accept(e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a fault of ours in a disk's queue", e);
            broken = true;
            onFault.accept("internal error: " + e);
        }
        return false;
    }

    /// Serves what waits and what comes while it looks. Returns whether more came at the last moment.
    private boolean serveWhileBusy() throws BrokenRingException {
        long lastRequest = System.nanoTime();
        if (checked(ring.waiting()) > 0) {
            pace.woken(lastRequest);
        }
        while (!thread.isStopping()) {
            int waiting = checked(ring.waiting());
            long now = System.nanoTime();
            if (waiting > 0) {
                pace.gained();
                serve(waiting);
                lastRequest = System.nanoTime();
            } else if (heldCount > 0 && !mayHold(now, now - lastRequest)) {
                pace.gainedNothing();
                publish();
            } else if (heldCount == 0 && now - lastRequest >= pace.lookNs()) {
                break;
            } else {
                Thread.onSpinWait();
            }
        }
        publish();
        pace.sleeps(System.nanoTime());
        return checked(ring.finalCheck()) > 0;
    }

    private boolean mayHold(long now, long quietNs) {
        return pace.holds() && quietNs < BlkPace.QUIET_NS && now - heldSince < BlkPace.HELD_NS;
    }

    /// Serves `waiting` requests, which is at most a ring's worth.
    private void serve(int waiting) {
        for (int i = 0; i < waiting && !thread.isStopping(); i++) {
            ring.take(run.nextCopy(), 0);
            if (!run.add()) {
                finishRun(true);
            }
            if (run.isFull()) {
                finishRun(false);
            }
        }
        finishRun(false);
    }

    private static int checked(int waiting) throws BrokenRingException {
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the disk's ring cannot be true");
        }
        return waiting;
    }

    /// Does and answers what was taken.
    ///
    /// @param carry one was taken that belongs to the next run
    private void finishRun(boolean carry) {
        run.perform();
        for (int i = 0; i < run.count(); i++) {
            respond(run.request(i), run.status(i));
        }
        run.restart(carry);
        if (heldCount >= BlkPace.MOST_HELD || heldCount > 0 && System.nanoTime() - heldSince > BlkPace.HELD_NS) {
            publish();
        }
    }

    private void respond(BlkRequest request, int status) {
        Blkif.Response.id(response, 0, request.id());
        Blkif.Response.operation(response, 0, request.operation());
        Blkif.Response.status(response, 0, status);
        ring.put(response, 0);
        if (heldCount++ == 0) {
            heldSince = System.nanoTime();
        }
    }

    private void publish() {
        if (heldCount > 0) {
            heldCount = 0;
            if (ring.push()) {
                counters.add(Count.EVENTS);
                port.notifyGuest();
            }
        }
    }
}
