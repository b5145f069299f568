package xenolith.backend.blk;

/// How long a queue looks at an empty ring before it sleeps, and whether it keeps responses back meanwhile.
///
/// Both cost a lone request time and save a crowd of them events: an event costs a running guest 40 µs and more on hosts
/// where exits are dear, and as much again for the guest to send one. So both are done only where they have paid of late,
/// and tried once in a while.
///
/// For one thread. All times are of [System#nanoTime].
final class BlkPace {
    /// Responses that are published at once, however many more are to come.
    static final int MOST_HELD = 16;
    /// How long the oldest response is kept back at most, and how long since the last request came.
    static final long HELD_NS = 100_000;
    static final long QUIET_NS = 25_000;
    /// How long a queue waits for the host alone, and does not see what the guest wants meanwhile.
    static final long HOST_NS = 1_000_000;
    /// The longest look at an empty ring. More is not worth a processor.
    static final long LONGEST_LOOK_NS = 60_000;
    private static final long SHORTEST_LOOK_NS = 8_000;
    private static final int TRY_ONE_IN = 16;
    private static final int CREDIT = 4;
    private static final int FEW = 8;

    /// Of transfers under way, how many are waited for at once. Of many it is half, so that a thread that is woken finds
    /// enough to do and the host is not idle meanwhile; of few it is one, as somebody waits for that.
    static int atOnce(int underWay) {
        return underWay < FEW ? 1 : Math.min(MOST_HELD, underWay / 2);
    }

    private long lookNs;
    private long sleptAt;
    private int credit;
    private int untried;
    private boolean holding;

    /// How long the ring is to be looked at since the last request.
    long lookNs() {
        return lookNs;
    }

    /// The queue found nothing for so long that it sleeps.
    void sleeps(long now) {
        sleptAt = now;
    }

    /// A request has come, by an event. Had the queue looked a little longer it would have seen it.
    void woken(long now) {
        if (now - sleptAt < LONGEST_LOOK_NS) {
            lookNs = Math.min(LONGEST_LOOK_NS, Math.max(SHORTEST_LOOK_NS, 2 * lookNs));
        } else {
            lookNs = lookNs <= SHORTEST_LOOK_NS ? 0 : lookNs / 2;
        }
    }

    /// The ring is empty and responses are ready: whether to wait for more of them.
    boolean holds() {
        if (!holding) {
            holding = credit > 0 || ++untried >= TRY_ONE_IN;
        }
        return holding;
    }

    /// A request came while responses were kept back: it was worth it.
    void gained() {
        if (holding) {
            holding = false;
            credit = CREDIT;
            untried = 0;
        }
    }

    /// None came.
    void gainedNothing() {
        if (holding) {
            holding = false;
            credit = Math.max(0, credit - 1);
            untried = 0;
        }
    }
}
