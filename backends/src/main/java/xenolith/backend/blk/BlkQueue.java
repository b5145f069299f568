package xenolith.backend.blk;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.RequestRing;
import xenolith.backend.BackendThread;
import xenolith.backend.BrokenRingException;
import xenolith.backend.Endings;
import xenolith.backend.GuestBell;
import xenolith.backend.blk.BlkCounters.Count;
import xenolith.backend.image.TransferQueue;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// One ring of a connected disk and the thread that serves it. Requests are taken in the ring's order.
///
/// Requests of different queues are done side by side, and so are reads and writes of one queue where the image does that:
/// they are then answered in the order in which the host ends them. What orders others (a flush, a barrier) and a discard is
/// done when all that this queue has taken before is answered, and nothing else is taken meanwhile. So a flush covers all
/// that was answered before it, by whichever queue, which is what its sender can rely on, and nothing of its queue passes a
/// barrier.
///
/// While requests keep coming the thread looks at the ring itself and asks for no events, and publishes responses several
/// at a time ([BlkPace]).
final class BlkQueue {
    private static final Logger LOG = System.getLogger(BlkQueue.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long LONG_NS = 1_000_000_000;

    private final GrantAccess grants;
    private final EventPort port;
    private final RequestRing ring;
    private final BlkCounters counters;
    private final BlkLimit limit;
    private final Consumer<String> onFault;
    private final BackendThread thread;
    private final GuestBell bell = new GuestBell();
    private final BlkRuns runs;
    private final TransferQueue transfers;
    private final BlkPace pace = new BlkPace();
    private final BooleanSupplier isRested = () -> !isResting(System.nanoTime());
    private final MemorySegment response = Arena.ofAuto().allocate(Blkif.Response.SIZEOF, Long.BYTES);
    private int heldCount;
    private long heldSince;
    /// Until when no request is taken, if `owes`, by which version of the limit.
    private long restsUntil;
    private int restsBy;
    private boolean owes;
    private boolean broken;

    /// A queue over what its frontend has granted and made; nothing happens until [#start].
    ///
    /// @param grants    the queue's own, which [#stop] closes, as it does the port
    /// @param transfers those that `runs` begins, which [#stop] closes too
    BlkQueue(String name, DeviceAccess domain, GrantAccess grants, RequestRing ring, EventPort port, BlkRuns runs,
            TransferQueue transfers, BlkCounters counters, BlkLimit limit, Consumer<String> onFault) {
        this.grants = grants;
        this.ring = ring;
        this.port = port;
        this.runs = runs;
        this.transfers = transfers;
        this.counters = counters;
        this.limit = limit;
        this.onFault = onFault;
        this.thread = new BackendThread(name, this::round, this::abandon);
        thread.workFor(domain);
        thread.sleepBy(bell);
    }

    void start() {
        port.onNotification(() -> {
            counters.add(Count.EVENTS_FROM_GUEST);
            thread.wake();
            transfers.wake();
        }, bell.descriptor());
        thread.start();
    }

    /// Waits for the requests in hand, then lets go of ring, pages and port. Requests not taken stay in the ring.
    void stop() {
        thread.stopAndWait(PATIENCE,
                () -> LOG.log(Level.WARNING, "a disk's storage is slow to answer; waiting for it"));
        Endings.runAll(List.of(port::close, bell::close, transfers::close, grants::close));
    }

    private boolean round() {
        hear();
        if (broken) {
            return false;
        }
        try {
            return serveWhileBusy();
        } catch (BrokenRingException e) {
            giveUp(e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a fault of ours in a disk's queue", e);
            giveUp("internal error: " + e);
        }
        return false;
    }

    /// Whatever the guest has sent until now is looked for after this.
    private void hear() {
        long count = bell.heard();
        if (count > 0) {
            counters.add(Count.EVENTS_FROM_GUEST, count);
        }
    }

    private void giveUp(String why) {
        broken = true;
        abandon();
        onFault.accept(why);
    }

    /// Waits until the host does nothing with the guest's pages any more. Nothing is answered.
    private boolean abandon() {
        while (runs.underWay() > 0) {
            transfers.await(1, LONG_NS);
            for (BlkRun run = runs.finished(); run != null; run = runs.finished()) {
                runs.recycle(run);
            }
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
            answerFinished();
            int waiting = checked(ring.waiting());
            long now = System.nanoTime();
            if (waiting > 0 && runs.hasRoom() && !isResting(now)) {
                pace.gained();
                serve(waiting);
                lastRequest = System.nanoTime();
            } else if (runs.underWay() > 0) {
                waitForHost(now);
            } else if (heldCount > 0 && !mayHold(now, now - lastRequest)) {
                pace.gainedNothing();
                publish();
            } else if (heldCount == 0 && waiting > 0 && isResting(now)) {
                thread.rest(restsUntil - now, isRested);
            } else if (heldCount == 0 && now - lastRequest >= pace.lookNs()) {
                break;
            } else {
                Thread.onSpinWait();
            }
        }
        answerAll();
        pace.sleeps(System.nanoTime());
        return checked(ring.finalCheck()) > 0;
    }

    private boolean mayHold(long now, long quietNs) {
        return pace.holds() && quietNs < BlkPace.QUIET_NS && now - heldSince < BlkPace.HELD_NS;
    }

    /// There is nothing to do but for the host. Answers are kept back until they are as many as the requests that it works
    /// at: so it has enough to do while the guest takes the one half and sends more. The host is soon done as a rule, so for
    /// a while the guest need not send an event for what it wants next: that is seen when something is done. If the host
    /// takes longer, events are asked for.
    private void waitForHost(long now) throws BrokenRingException {
        if (heldCount > 0 && heldCount < runs.inHand() && now - heldSince < BlkPace.HELD_NS) {
            transfers.await(BlkPace.atOnce(runs.underWay()), BlkPace.HELD_NS);
            return;
        }
        publish();
        if (transfers.await(BlkPace.atOnce(runs.underWay()), BlkPace.HOST_NS)) {
            return;
        }
        transfers.prepareToSleep();
        hear();
        if (checked(ring.finalCheck()) == 0 && !transfers.await(1, 0)) {
            transfers.sleep(bell.descriptor());
        }
    }

    /// Serves `waiting` requests, which is at most a ring's worth, or as many as there is room for.
    private void serve(int waiting) {
        owes = false;
        for (int i = 0; i < waiting && runs.hasRoom() && !owes && !thread.isStopping(); i++) {
            if (!runs.take(ring)) {
                begin();
                runs.takeCarried();
            }
            pay();
            if (runs.isFull()) {
                begin();
            }
        }
        begin();
        runs.submit();
    }

    private void pay() {
        if (limit.isLimited()) {
            restsBy = limit.changes();
            long now = System.nanoTime();
            long restNs = limit.take(runs.takenBytes(), now);
            owes = restNs > 0;
            restsUntil = now + restNs;
        }
    }

    /// Whether what was taken is still to be paid off.
    private boolean isResting(long now) {
        return owes && now - restsUntil < 0 && restsBy == limit.changes();
    }

    private static int checked(int waiting) throws BrokenRingException {
        if (waiting < 0) {
            throw new BrokenRingException("the indices of the disk's ring cannot be true");
        }
        return waiting;
    }

    /// Begins what was gathered, or does and answers it.
    private void begin() {
        if (runs.isOrdered()) {
            answerAll();
        }
        BlkRun done = runs.begin();
        if (done != null) {
            answer(done);
        }
    }

    /// Waits for all that is under way, and publishes all answers.
    private void answerAll() {
        runs.submit();
        answerFinished();
        while (runs.underWay() > 0) {
            transfers.await(1, LONG_NS);
            answerFinished();
        }
        publish();
    }

    private void answerFinished() {
        for (BlkRun run = runs.finished(); run != null; run = runs.finished()) {
            answer(run);
        }
    }

    private void answer(BlkRun run) {
        for (int i = 0; i < run.count(); i++) {
            respond(run.request(i));
        }
        runs.recycle(run);
        if (heldCount >= BlkPace.MOST_HELD || heldCount > 0 && System.nanoTime() - heldSince > BlkPace.HELD_NS) {
            publish();
        }
    }

    private void respond(BlkRequest request) {
        Blkif.Response.id(response, 0, request.id());
        Blkif.Response.operation(response, 0, request.operation());
        Blkif.Response.status(response, 0, request.status());
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
