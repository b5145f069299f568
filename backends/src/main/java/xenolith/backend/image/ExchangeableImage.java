package xenolith.backend.image;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// An image that can be exchanged for another while it is in use, as a drive's medium is.
///
/// Each call, and each transfer, goes to one image from its beginning to its end. A caller that has looked at the size of
/// the one may mean the other, so ranges are looked at again: one past the end is -EIO, and nothing is written there.
public final class ExchangeableImage implements ForwardingImage {
    private static final long LOOK_AGAIN_NS = 100_000;

    /// An image, and how many are in the middle of using it.
    private static final class Medium implements Transfer.End {
        private final DiskImage image;
        private final AtomicInteger users = new AtomicInteger();

        Medium(DiskImage image) {
            this.image = image;
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
    }

    /// Puts `next` in the place of the image, and returns that one when nobody uses it any more, whose requests are waited
    /// for. All that was written to it and answered is in it, though perhaps not on the storage.
    ///
    /// @throws IllegalArgumentException if `next` has other sectors, or is read-only where this is not or the other way
    public synchronized DiskImage exchange(DiskImage next) {
        Medium old = medium;
        if (next.logicalSectorBytes() != old.image.logicalSectorBytes() || next.isReadOnly() != old.image.isReadOnly()) {
            throw new IllegalArgumentException("the guest would have to be told of other sectors or rights");
        }
        medium = new Medium(next);
        while (old.users.get() > 0) {
            LockSupport.parkNanos(LOOK_AGAIN_NS);
        }
        return old.image;
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
            return entered.image.flush();
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
