package xenolith.backend.image;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// An image that can be exchanged for another while it is in use, as a drive's medium is.
///
/// Each call, and each transfer, goes to one image from its beginning to its end. A caller that has looked at the size of
/// the one may mean the other, so ranges are looked at again: one past the end is -EIO, and nothing is written there.
///
/// A flush is of the disk and not of a medium: after an exchange it waits until the old image is on the storage too, and
/// fails if that is not to be.
public final class ExchangeableImage implements ForwardingImage {
    private static final long LOOK_AGAIN_NS = 100_000;

    /// What is to be known of the image before: whether all of it has come onto the storage.
    private static final class Predecessor {
        private final Lock lock = new ReentrantLock();
        private final Condition change = lock.newCondition();
        private boolean settled;
        private int result;
        private boolean told;

        void settle(int flushed) {
            lock.lock();
            try {
                settled = true;
                result = flushed;
                change.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /// Waits for it. A failure, which is `-errno`, is told to all that waited, or else to the first who asks: what was
        /// lost is lost once, and the new image may be sound.
        int await() {
            lock.lock();
            try {
                boolean tell = !settled || !told;
                while (!settled) {
                    change.awaitUninterruptibly();
                }
                told = true;
                return tell ? result : 0;
            } finally {
                lock.unlock();
            }
        }
    }

    /// An image, and how many are in the middle of using it.
    private static final class Medium implements Transfer.End {
        private final DiskImage image;
        private final Predecessor predecessor = new Predecessor();
        private final AtomicInteger users = new AtomicInteger();

        Medium(DiskImage image) {
            this.image = image;
        }

        /// Both are stored, whatever becomes of one.
        int flush() {
            int before = predecessor.await();
            int flushed = image.flush();
            return before < 0 ? before : flushed;
        }

        @Override
        public void over() {
            users.getAndDecrement();
        }

        boolean has(long offset, long byteLength) {
            return offset <= image.sectorCount() * SECTOR_BYTES - byteLength;
        }
    }

    private volatile Medium medium;

    public ExchangeableImage(DiskImage image) {
        this.medium = new Medium(image);
        medium.predecessor.settle(0);
    }

    /// Puts `next` in the place of the image. That one is stored and closed when nobody uses it any more, whose requests are
    /// waited for; from then on flushes go on.
    ///
    /// @return 0, or `-errno` if the old image could not be stored; `next` is in use all the same, and a flush says so too
    /// @throws IllegalArgumentException if `next` has other sectors, or is read-only where this is not or the other way;
    ///     then nothing has changed
    public synchronized int exchange(DiskImage next) {
        Medium old = medium;
        if (next.logicalSectorBytes() != old.image.logicalSectorBytes() || next.isReadOnly() != old.image.isReadOnly()) {
            throw new IllegalArgumentException("the guest would have to be told of other sectors or rights");
        }
        Medium fresh = new Medium(next);
        medium = fresh;
        while (old.users.get() > 0) {
            LockSupport.parkNanos(LOOK_AGAIN_NS);
        }
        int flushed = -Errno.EIO;
        try {
            flushed = old.flush();
        } finally {
            fresh.predecessor.settle(flushed);
            old.image.close();
        }
        return flushed;
    }

    /// The image in use, whose [Medium#over] is to be called. Whoever counts and then finds that it still is the one was
    /// seen by an exchange that comes later; whoever finds another counted for nothing.
    private Medium enter() {
        for (;;) {
            Medium entered = medium;
            entered.users.getAndIncrement();
            if (entered == medium) {
                return entered;
            }
            entered.over();
        }
    }

    /// The image that is in use now.
    @Override
    public DiskImage image() {
        return medium.image;
    }

    @Override
    public long measure() {
        Medium entered = enter();
        try {
            return entered.image.measure();
        } finally {
            entered.over();
        }
    }

    @Override
    public void grow(long byteLength) {
        Medium entered = enter();
        try {
            entered.image.grow(byteLength);
        } finally {
            entered.over();
        }
    }

    @Override
    public int read(Iovec to, long offset) {
        Medium entered = enter();
        try {
            return entered.has(offset, to.byteLength()) ? entered.image.read(to, offset) : -Errno.EIO;
        } finally {
            entered.over();
        }
    }

    @Override
    public int write(Iovec from, long offset) {
        Medium entered = enter();
        try {
            return entered.has(offset, from.byteLength()) ? entered.image.write(from, offset) : -Errno.EIO;
        } finally {
            entered.over();
        }
    }

    /// A transfer past the end is not begun: [#read] and [#write] say what is wrong.
    @Override
    public boolean begin(Transfer transfer, TransferQueue queue) {
        Medium entered = enter();
        boolean begun = false;
        try {
            begun = entered.has(transfer.offset(), transfer.pieces().byteLength()) && entered.image.begin(transfer, queue);
        } finally {
            if (begun) {
                transfer.andThen(entered);
            } else {
                entered.over();
            }
        }
        return begun;
    }

    @Override
    public int flush() {
        Medium entered = enter();
        try {
            return entered.flush();
        } finally {
            entered.over();
        }
    }

    @Override
    public int discard(long offset, long byteLength) {
        Medium entered = enter();
        try {
            return entered.has(offset, byteLength) ? entered.image.discard(offset, byteLength) : -Errno.EIO;
        } finally {
            entered.over();
        }
    }
}
