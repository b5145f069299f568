package xenolith.backend.blk;

import xenolith.backend.Allowance;

/// How much a disk may do: so many requests, and so many bytes that they read or write, in a second. For threads of all its
/// queues, and for who changes it meanwhile.
///
/// A request is begun whenever the debts of those before it are paid: one of any size has its turn.
public final class BlkLimit {
    /// In the place of a number: there is no limit.
    public static final long NONE = 0;
    private static final long US_PER_S = 1_000_000;
    private static final long PERIOD_US = 50_000;
    /// Fewer in a second come one by one.
    private static final long MANY = 1000;

    private final Allowance requests = new Allowance(1);
    private final Allowance bytes = new Allowance(1);
    private long requestsPerSecond;
    private long bytesPerSecond;
    private volatile boolean isLimited;
    private volatile int changes;

    /// @param requestCount in a second, or [#NONE]
    /// @param byteCount    likewise
    public synchronized void change(long requestCount, long byteCount) {
        set(requests, requestCount);
        set(bytes, byteCount);
        requestsPerSecond = requestCount;
        bytesPerSecond = byteCount;
        isLimited = requestCount != NONE || byteCount != NONE;
        changes++;
    }

    private static void set(Allowance allowance, long perSecond) {
        if (perSecond == NONE) {
            allowance.lift();
        } else if (perSecond <= MANY) {
            allowance.change(1, US_PER_S / perSecond);
        } else {
            allowance.change(perSecond / (US_PER_S / PERIOD_US), PERIOD_US);
        }
    }

    public synchronized long requestsPerSecond() {
        return requestsPerSecond;
    }

    public synchronized long bytesPerSecond() {
        return bytesPerSecond;
    }

    boolean isLimited() {
        return isLimited;
    }

    /// Another number than before if it has been changed: who waits need not wait any more.
    int changes() {
        return changes;
    }

    /// Pays for a request that is taken. Returns for how many nanoseconds no other is to be taken.
    long take(int byteLength, long nowNs) {
        return Math.max(requests.take(1, nowNs), bytes.take(byteLength, nowNs));
    }
}
