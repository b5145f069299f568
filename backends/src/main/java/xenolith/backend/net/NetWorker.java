package xenolith.backend.net;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.backend.ThreadEnd;
import xenolith.backend.WorkSign;
import xenolith.posix.EventFd;
import xenolith.posix.Poll;
import xenolith.vmm.port.DeviceAccess;

/// A thread that serves queues, of one interface or of several: in turn, each up to [#BUDGET] packets each way before
/// the next one's, so that none waits for more than a bounded piece of the others' work. Who is first changes with each
/// round.
///
/// It sleeps in one `ppoll` for all of them: until a frame comes, a guest sends an event, or a queue is due. Under load
/// it naps instead ([Naps]): so many microseconds later a batch is there, for which nobody had to send an event.
///
/// It says that it wants a processor ([DeviceAccess#working]) from its first work on until it has had none for a while: on
/// two processors a thread that polls for hypercalls would cost it more than it saves the guest.
public final class NetWorker implements AutoCloseable {
    /// Packets of a queue in one round, each way.
    static final int BUDGET = 64;
    /// Queues that one thread serves, each of another interface: a domain has no more of those.
    public static final int MAX_QUEUES = 64;
    private static final NetQueue[] NONE = {};

    private final WorkSign sign;
    private final EventFd wakeUp = EventFd.create();
    private final Poll poll = new Poll(2 * MAX_QUEUES + 1);
    private final ReentrantLock serving = new ReentrantLock();
    private final Thread thread;
    private volatile NetQueue[] queues = NONE;
    private volatile boolean awake = true;
    private volatile boolean stopping;
    private volatile boolean ended;
    /// Why the thread ended without being told to, or null. Guarded by [#serving].
    private Throwable failure;
    private final Naps naps = new Naps();
    private int first;
    /// Whether the host has told of a guest: those who were waited for last.
    private boolean rung;
    private NetQueue[] awaited = NONE;

    /// A thread called `name` that works for `domain` and begins at once.
    public NetWorker(String name, DeviceAccess domain) {
        this.sign = new WorkSign(domain::working);
        thread = Thread.ofPlatform().name(name).daemon().start(this::loop);
    }

    void add(NetQueue queue) {
        serving.lock();
        try {
            if (failure != null) {
                throw new IllegalStateException("the thread for its queues has ended: " + failure);
            }
            if (queues.length == MAX_QUEUES) {
                throw new IllegalStateException("more than " + MAX_QUEUES + " queues for one thread");
            }
            NetQueue[] more = Arrays.copyOf(queues, queues.length + 1);
            more[queues.length] = queue;
            queues = more;
        } finally {
            serving.unlock();
        }
        queue.listen(this::wake);
        wake();
    }

    /// When it returns the queue is not served any more. Does nothing if it was not.
    void remove(NetQueue queue) {
        serving.lock();
        try {
            queues = Arrays.stream(queues).filter(other -> other != queue).toArray(NetQueue[]::new);
        } finally {
            serving.unlock();
        }
        wake();
    }

    /// Makes it look at all queues. May be called by any thread, that of a vcpu in a hypercall included. A guest whose
    /// events the host's kernel signals does not come by here.
    void wake() {
        if (!awake) {
            awake = true;
            // Here already: the thread may be waiting for the processor that it asks for.
            sign.begins();
            if (ended) {
                sign.ends();
            }
            wakeUp.signal();
        }
    }

    private void loop() {
        try {
            serveUntilStopped();
        } catch (RuntimeException | Error e) {
            fail(e);
            throw e;
        } finally {
            ended = true;
            sign.ends();
        }
    }

    /// Nobody serves its queues any more: their interfaces are told so.
    private void fail(Throwable reason) {
        serving.lock();
        try {
            failure = reason;
            for (NetQueue queue : queues) {
                queue.breaks(reason);
            }
        } finally {
            serving.unlock();
        }
    }

    private void serveUntilStopped() {
        while (!stopping) {
            awake = true;
            int moved = serve();
            if (moved > 0) {
                sign.begins();
            }
            if (naps.isDue(moved)) {
                nap();
            } else if (moved == 0) {
                // From here on who has work must signal; what came before is found by the last look.
                awake = false;
                if (!stopping && !settle()) {
                    sleep();
                }
            }
        }
    }

    private void nap() {
        LockSupport.parkNanos(Naps.LENGTH_NS);
        serving.lock();
        try {
            for (NetQueue queue : queues) {
                queue.napped();
            }
        } finally {
            serving.unlock();
        }
    }

    private int serve() {
        serving.lock();
        try {
            NetQueue[] now = queues;
            if (rung) {
                rung = false;
                hear(now);
            }
            int moved = 0;
            for (int i = 0; i < now.length; i++) {
                moved += now[(first + i) % now.length].serve(BUDGET, System.nanoTime());
            }
            first = now.length == 0 ? 0 : (first + 1) % now.length;
            return moved;
        } finally {
            serving.unlock();
        }
    }

    /// Bells are waited for behind the links, in pairs. Another list by now, and all are heard.
    private void hear(NetQueue[] now) {
        for (int i = 0; i < now.length; i++) {
            if (now != awaited || poll.revents(2 * i + 2) != 0) {
                now[i].hear();
            }
        }
    }

    /// Asks all guests for events and says what to wait for. Returns whether there is work now.
    private boolean settle() {
        serving.lock();
        try {
            poll.clear();
            poll.add(wakeUp.raw(), Poll.POLLIN);
            boolean work = false;
            awaited = queues;
            for (NetQueue queue : awaited) {
                work |= queue.settle();
                poll.add(queue.descriptor(), Poll.POLLIN);
                poll.add(queue.bellDescriptor(), Poll.POLLIN);
            }
            return work;
        } finally {
            serving.unlock();
        }
    }

    private void sleep() {
        long dueNs = Long.MAX_VALUE;
        for (NetQueue queue : queues) {
            dueNs = Math.min(dueNs, queue.dueNs());
            queue.slept();
        }
        long nowNs = System.nanoTime();
        boolean lingers = sign.isShown() && dueNs - nowNs > WorkSign.LINGER_NS;
        long untilNs = lingers ? nowNs + WorkSign.LINGER_NS : dueNs;
        int ready = poll.await(untilNs == Long.MAX_VALUE ? -1 : Math.max(0, untilNs - nowNs));
        if (ready > 0) {
            rung = true;
            if (poll.revents(0) != 0) {
                wakeUp.drain();
            }
        } else if (ready == 0 && lingers && System.nanoTime() - untilNs >= 0 && !awake) {
            sign.ends();
        }
    }

    /// Waits for its end. Its queues are removed by then.
    @Override
    public void close() {
        stopping = true;
        wake();
        ThreadEnd.await(thread);
        wakeUp.close();
    }
}
