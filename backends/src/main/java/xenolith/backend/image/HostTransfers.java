package xenolith.backend.image;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import xenolith.posix.AsyncIo;
import xenolith.posix.Errno;
import xenolith.posix.HostException;

/// Transfers by Linux's asynchronous calls, which are asked for with the first of them. A host that has none, or forbids
/// them, is no error: images then do everything while their caller waits.
public final class HostTransfers implements TransferQueue {
    private static final Logger LOG = System.getLogger(HostTransfers.class.getName());

    private static final long LONG_NS = 1_000_000_000;

    private final int most;
    private final Transfer[] slots;
    private final int[] free;
    private int freeCount;
    /// Transfers that are over and were not given back: `overCount` of them from place `nextOver` on, and round.
    private final Transfer[] over;
    private int overCount;
    private int nextOver;
    private boolean refused;
    private volatile AsyncIo host;

    /// @param most how many may be under way
    public HostTransfers(int most) {
        this.most = most;
        this.slots = new Transfer[most];
        this.over = new Transfer[most];
        this.free = new int[most];
        Arrays.setAll(free, i -> i);
        this.freeCount = most;
    }

    private boolean isOpen() {
        if (host == null && !refused) {
            try {
                host = AsyncIo.open(most);
            } catch (HostException e) {
                refused = true;
                LOG.log(Level.DEBUG, "a disk does one request at a time: {0}", e.getMessage());
            }
        }
        return !refused;
    }

    @Override
    public boolean add(Transfer transfer) {
        // What is over counts until it was given back, so that there is room for all in `over`.
        if (underWay() == most || !isOpen()) {
            return false;
        }
        int slot = free[freeCount - 1];
        // Which throws if the transfer cannot be: then it has no slot.
        host.prepare(slot, transfer.file(), transfer.isWrite(), transfer.pieces(), transfer.offset());
        freeCount--;
        slots[slot] = transfer;
        return true;
    }

    /// What the host does not take is over with its error. Every round begins something or drops one.
    @Override
    public void submit() {
        while (host != null && host.prepared() > 0) {
            int begun = host.submit();
            if (begun <= 0) {
                int slot = host.firstPrepared();
                host.drop(1);
                end(slot, begun == 0 ? -Errno.EAGAIN : begun);
            }
        }
    }

    private void end(int slot, long moved) {
        Transfer transfer = slots[slot];
        slots[slot] = null;
        free[freeCount++] = slot;
        transfer.over(moved);
        over[(nextOver + overCount++) % most] = transfer;
    }

    @Override
    public int underWay() {
        return most - freeCount + overCount;
    }

    @Override
    public Transfer finished() {
        if (overCount == 0 && freeCount < most) {
            take(0, 0);
        }
        if (overCount == 0) {
            return null;
        }
        Transfer first = over[nextOver];
        nextOver = (nextOver + 1) % most;
        overCount--;
        return first;
    }

    private void take(int least, long timeoutNs) {
        int count = host.take(least, timeoutNs);
        for (int i = 0; i < count; i++) {
            end(host.slot(i), host.result(i));
        }
    }

    @Override
    public boolean await(int least, long timeoutNs) {
        submit();
        int missing = Math.min(least, underWay()) - overCount;
        if (missing > 0) {
            take(missing, timeoutNs);
        }
        return overCount > 0;
    }

    @Override
    public void prepareToSleep() {
        if (host != null) {
            host.prepareToSleep();
        }
    }

    @Override
    public void sleep(int descriptor) {
        submit();
        if (overCount == 0 && freeCount < most) {
            host.sleep(descriptor);
        }
    }

    /// Not while it is closed: the descriptor's number may be another's by then.
    @Override
    public synchronized void wake() {
        if (host != null) {
            host.wake();
        }
    }

    @Override
    public synchronized void close() {
        while (underWay() > 0) {
            if (finished() == null) {
                await(1, LONG_NS);
            }
        }
        if (host != null) {
            host.close();
            host = null;
            refused = true;
        }
    }
}
