package xenolith.backend.image;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.posix.Errno;
import xenolith.posix.Fd;

/// Whether the host could not store what it had accepted.
///
/// Linux tells such a failure once, and drops what it could not store from its cache: a sync that came after would say
/// that all is well. So what is lost stays lost, until the image is opened anew.
public final class LostWrites {
    private final Lock syncing = new ReentrantLock();
    private volatile boolean lost;

    /// Waits until all that was written to `file` is on the storage. Returns 0 or `-errno`. One at a time, as two at once
    /// would be told differently.
    public int sync(Fd file) {
        syncing.lock();
        try {
            return lost ? -Errno.EIO : noted(file.dataSync());
        } finally {
            syncing.unlock();
        }
    }

    /// What came of a flush, 0 or `-errno`: the one place where a loss is noted. Returns what came.
    public int noted(int result) {
        if (result < 0) {
            lost = true;
        }
        return result;
    }

    /// 0, or `-errno` once something is lost.
    public int result() {
        return lost ? -Errno.EIO : 0;
    }
}
