package xenolith.backend.net.firewall;

import java.util.concurrent.atomic.AtomicLong;

/// A rate, of bits or of frames, that may be exceeded by a burst: in any time of t seconds no more than `burst + rate * t`
/// units pass. The generic cell rate algorithm of ITU-T I.371, one word for all threads.
final class RateLimit {
    private static final long NS_PER_S = 1_000_000_000L;

    private final long unitsPerSecond;
    private final long toleranceNs;
    /// When the bucket would be full again, by a clock that may begin anywhere.
    private final AtomicLong fullAtNs;

    /// @param burstUnits what may pass at once, at least as many as one frame counts for
    RateLimit(long unitsPerSecond, long burstUnits, long nowNs) {
        this.unitsPerSecond = unitsPerSecond;
        // Rounded up as the costs are, so that a burst of one frame lets one pass.
        this.toleranceNs = Math.ceilDiv(Math.multiplyExact(burstUnits, NS_PER_S), unitsPerSecond);
        this.fullAtNs = new AtomicLong(nowNs);
    }

    /// Whether a frame of so many units may pass now; if so it has.
    boolean take(long units, long nowNs) {
        // Rounded up, so that the rate is never exceeded by rounding.
        long costNs = Math.ceilDiv(units * NS_PER_S, unitsPerSecond);
        while (true) {
            long fullAt = fullAtNs.get();
            long after = (fullAt - nowNs < 0 ? nowNs : fullAt) + costNs;
            if (after - nowNs > toleranceNs) {
                return false;
            }
            if (fullAtNs.compareAndSet(fullAt, after)) {
                return true;
            }
        }
    }
}
