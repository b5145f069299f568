package xenolith.backend.blk;

import java.util.concurrent.locks.LockSupport;

/// How long to ask again for a page that was a page table a moment ago (`GNTST_eagain`). It is ours after a commit of the
/// guest's, to which the machine drives it; that takes microseconds, or as long as a busy host lets its vcpus wait. A guest
/// may keep it from ever coming.
///
/// For one thread.
final class GrantPatience {
    private static final long FIRST_PAUSE_NS = 20_000;
    private static final long LONGEST_PAUSE_NS = 2_000_000;
    private static final long ALTOGETHER_NS = 2_000_000_000;

    private long leftNs = ALTOGETHER_NS;
    private long pauseNs = FIRST_PAUSE_NS;

    /// Pauses, longer each time. Returns false if there is no patience left.
    boolean pause() {
        if (leftNs <= 0) {
            return false;
        }
        long begin = System.nanoTime();
        LockSupport.parkNanos(pauseNs);
        leftNs -= Math.max(pauseNs / 2, System.nanoTime() - begin);
        pauseNs = Math.min(LONGEST_PAUSE_NS, 2 * pauseNs);
        return true;
    }

    /// For the next requests.
    void renew() {
        leftNs = ALTOGETHER_NS;
        pauseNs = FIRST_PAUSE_NS;
    }
}
