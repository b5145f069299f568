package xenolith.backend;

/// How much a device may do: so many units in each period. What is not used is kept, up to one period's worth, or some least
/// amount if that is more. For threads of all its queues, and for who changes it meanwhile.
///
/// What is taken is paid for at once, be there enough or not, and may have to wait until the debt is paid: so a big thing of
/// one queue is not kept waiting for ever by small ones of another, which take whatever comes in.
public final class Allowance {
    private static final long NS_PER_US = 1000;
    /// A century and more, so that sums do not overflow.
    private static final long LONGEST_WAIT_NS = Long.MAX_VALUE / 2;
    /// What a device has that is not limited.
    private static final long ENDLESS = Long.MAX_VALUE;

    private final long leastKept;
    private long unitsPerPeriod;
    private long periodNs;
    private long credit;
    private long refilledNs;
    private boolean begun;
    private volatile int changes;

    /// One without a limit.
    ///
    /// @param leastKept the least that must fit
    public Allowance(long leastKept) {
        this.leastKept = leastKept;
        lift();
    }

    /// Another limit, as if the device began with it now.
    ///
    /// @param units    in each period, at least 1
    /// @param periodUs microseconds, at least 1
    public synchronized void change(long units, long periodUs) {
        if (units < 1 || periodUs < 1) {
            throw new IllegalArgumentException("units=" + units + " periodUs=" + periodUs);
        }
        unitsPerPeriod = units;
        periodNs = periodUs * NS_PER_US;
        credit = units;
        begun = false;
        changes++;
    }

    /// No limit any more.
    public void lift() {
        change(ENDLESS, ENDLESS / NS_PER_US);
    }

    /// Another number than before if it has been changed.
    public int changes() {
        return changes;
    }

    /// Takes so many units, and says when what they are for may be done.
    ///
    /// @return nanoseconds from now, 0 for at once
    public synchronized long take(int units, long nowNs) {
        if (!begun) {
            begun = true;
            refilledNs = nowNs;
        }
        long periods = (nowNs - refilledNs) / periodNs;
        if (periods > 0) {
            refilledNs += periods * periodNs;
            refill(periods);
        }
        credit -= units;
        if (credit >= 0) {
            return 0;
        }
        long periodsToWait = (-credit + unitsPerPeriod - 1) / unitsPerPeriod;
        return refilledNs + Math.min(periodsToWait, LONGEST_WAIT_NS / periodNs) * periodNs - nowNs;
    }

    private void refill(long periods) {
        long most = Math.max(leastKept, unitsPerPeriod);
        boolean full = periods > (most - credit) / unitsPerPeriod;
        credit = full ? most : credit + periods * unitsPerPeriod;
    }
}
