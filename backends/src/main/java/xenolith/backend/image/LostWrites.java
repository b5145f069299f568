package xenolith.backend.image;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.posix.Errno;
import xenolith.posix.Fd;

/// Whether the host could not store what it had accepted.
///
/// Linux tells such a failure once to each descriptor that was open then, to one that is opened after somebody was told not
/// at all, and drops what it could not store from its cache: a sync that came after would say that all is well. So what is
/// lost stays lost until the image is opened anew, and whoever opens it anew without the guest's knowledge is told ([#tell]).
public final class LostWrites {
    private final Lock syncing = new ReentrantLock();
    private boolean lost;
    private Runnable action = () -> { };

    /// Waits until all that was written to `file` is on the storage. Returns 0 or `-errno`. One at a time, as two at once
    /// would be told differently.
    public int sync(Fd file) {
        syncing.lock();
        try {
            int before = result();
            return before < 0 ? before : noted(file.dataSync());
        } finally {
            syncing.unlock();
        }
    }

    /// What came of a flush, 0 or `-errno`: if that is an error, something is lost. Returns what came.
    public int noted(int result) {
        if (result < 0) {
            happened();
        }
        return result;
    }

    /// Something is lost.
    public synchronized void happened() {
        lost = true;
        action.run();
    }

    /// 0, or `-errno` once something is lost.
    public synchronized int result() {
        return lost ? -Errno.EIO : 0;
    }

    /// Has `told` run whenever something is lost, and now if something is; in place of an earlier one.
    public synchronized void tell(Runnable told) {
        action = told;
        if (lost) {
            told.run();
        }
    }
}
