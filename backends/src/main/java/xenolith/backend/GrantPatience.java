package xenolith.backend;

import java.util.concurrent.locks.LockSupport;

/// How long to ask again for a page that was a page table a moment ago (`GNTST_eagain`). It is ours after a commit of the
/// guest's, to which the machine drives it; that takes microseconds, or as long as a busy host lets its vcpus wait. A guest
/// may keep it from ever coming.
///
/// For one thread.
public final class GrantPatience {
    private static final long FIRST_PAUSE_NS = 20_000;
    private static final long LONGEST_PAUSE_NS = 2_000_000;
    private static final long LONG_NS = 2_000_000_000;
    private static final long BRIEF_NS = 100_000_000;

    private final long altogetherNs;
    private long leftNs;
    private long pauseNs = FIRST_PAUSE_NS;

    private GrantPatience(long altogetherNs) {
        this.altogetherNs = altogetherNs;
        this.leftNs = altogetherNs;
    }

    /// For a thread that serves one device: two seconds.
    public static GrantPatience forSeconds() {
        return new GrantPatience(LONG_NS);
    }

    /// For one that has others to serve: a tenth of a second.
    public static GrantPatience brief() {
        return new GrantPatience(BRIEF_NS);
    }

    /// Pauses, longer each time. Returns false if there is no patience left.
    public boolean pause() {
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
    public void renew() {
        leftNs = altogetherNs;
        pauseNs = FIRST_PAUSE_NS;
    }
}
