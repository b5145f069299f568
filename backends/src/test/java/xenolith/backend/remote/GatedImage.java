package xenolith.backend.remote;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import xenolith.backend.image.DiskImage;
import xenolith.posix.Errno;
import xenolith.posix.Iovec;

/// A disk on which nothing but writes is possible, and one write of which lasts until its process is dead.
class GatedImage implements DiskImage {
    private final int fatal;
    private final FakeProcess[] process;
    private final AtomicInteger writes = new AtomicInteger();
    final CountDownLatch reached = new CountDownLatch(1);

    /// @param fatal   which write does not end, counted from 1; 0 if all do
    /// @param process whose end that one waits for
    GatedImage(int fatal, FakeProcess... process) {
        this.fatal = fatal;
        this.process = process;
    }

    int writes() {
        return writes.get();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public long sectorCount() {
        return 1 << 20;
    }

    @Override
    public int read(Iovec to, long offset) {
        return -Errno.EIO;
    }

    @Override
    public int write(Iovec from, long offset) {
        if (writes.incrementAndGet() == fatal) {
            reached.countDown();
            while (!process[0].isDead()) {
                Thread.onSpinWait();
            }
            throw new IllegalStateException("a dead process goes no further");
        }
        return 0;
    }

    @Override
    public int flush() {
        return 0;
    }

    @Override
    public int discard(long offset, long byteLength) {
        return 0;
    }

    @Override
    public void close() {
        // It holds nothing.
    }
}
