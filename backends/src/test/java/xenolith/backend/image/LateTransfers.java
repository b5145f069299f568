package xenolith.backend.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongPredicate;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;

/// A host that ends transfers in any order, late, by halves, or with an error; and none at all while it is held.
public final class LateTransfers implements TransferQueue {
    /// What happens to a transfer, for who keeps a diary.
    public interface Watcher {
        void note(String what, long offset);
    }

    private final Random random;
    private final int most;
    private final Watcher watcher;
    private final LongPredicate bad;
    private final List<Transfer> added = new ArrayList<>();
    private final List<Transfer> underWay = new ArrayList<>();
    private boolean held;
    private boolean woken;
    private int mostAtOnce;
    private int sleeps;
    private boolean closed;

    /// @param bad which bytes of a disk cannot be moved
    public LateTransfers(long seed, int most, Watcher watcher, LongPredicate bad) {
        this.random = new Random(seed);
        this.most = most;
        this.watcher = watcher;
        this.bad = bad;
    }

    /// Begins a transfer in `queue`, as an image over `file` does.
    public static boolean begin(Transfer transfer, TransferQueue queue, Fd file) {
        transfer.in(file);
        return queue.add(transfer);
    }

    public synchronized void hold(boolean yes) {
        held = yes;
        notifyAll();
    }

    /// The most that were under way together.
    public synchronized int mostAtOnce() {
        return mostAtOnce;
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    public synchronized int sleeps() {
        return sleeps;
    }

    @Override
    public synchronized boolean add(Transfer transfer) {
        if (underWay() == most) {
            return false;
        }
        added.add(transfer);
        mostAtOnce = Math.max(mostAtOnce, underWay());
        return true;
    }

    @Override
    public synchronized void submit() {
        for (Transfer transfer : added) {
            watcher.note("begin", transfer.offset());
        }
        underWay.addAll(added);
        added.clear();
    }

    @Override
    public synchronized int underWay() {
        return added.size() + underWay.size();
    }

    @Override
    public synchronized Transfer finished() {
        if (held || underWay.isEmpty() || random.nextInt(3) == 0) {
            return null;
        }
        Transfer transfer = underWay.remove(random.nextInt(underWay.size()));
        watcher.note("end", transfer.offset());
        transfer.over(moved(transfer));
        return transfer;
    }

    private long moved(Transfer transfer) {
        long length = transfer.pieces().byteLength();
        for (long at = transfer.offset(); at < transfer.offset() + length; at += DiskImage.SECTOR_BYTES) {
            if (bad.test(at)) {
                return -Errno.EIO;
            }
        }
        if (random.nextInt(8) == 0) {
            return -Errno.EAGAIN;
        }
        Iovec all = new Iovec(Iovec.MAX_PIECES);
        all.addAll(transfer.pieces(), 0);
        Iovec some = new Iovec(Iovec.MAX_PIECES);
        long sectors = length / DiskImage.SECTOR_BYTES;
        some.take(all, DiskImage.SECTOR_BYTES * (random.nextBoolean() ? sectors : 1 + random.nextLong(sectors)));
        return transfer.isWrite() ? transfer.file().pwritev(some, transfer.offset())
                : transfer.file().preadv(some, transfer.offset());
    }

    @Override
    public synchronized boolean await(int least, long timeoutNs) {
        submit();
        if (held) {
            pause(1 + timeoutNs / 1_000_000);
        }
        return !held && !underWay.isEmpty() && random.nextInt(3) != 0;
    }

    @Override
    public synchronized void prepareToSleep() {
        woken = false;
    }

    @Override
    public synchronized void sleep(int descriptor) {
        submit();
        sleeps++;
        while (!woken && (held || underWay.isEmpty())) {
            pause(1000);
        }
    }

    private void pause(long ms) {
        try {
            wait(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public synchronized void wake() {
        woken = true;
        notifyAll();
    }

    @Override
    public synchronized void close() {
        if (underWay() > 0) {
            throw new IllegalStateException("closed before " + underWay() + " transfers were over");
        }
        closed = true;
    }
}
