package xenolith.backend.net;

/// How much an interface may send: so many bytes in each period (`rate` of docs/man/xl-network-configuration). What is
/// not used is kept, up to one period's worth, or a frame of any size if that is less. For threads of all its queues, and
/// for who changes the rate meanwhile.
///
/// A frame is paid for when it is its turn, be there enough or not, and goes when the debt is paid: so a big one of one
/// queue is not kept waiting for ever by small ones of another, which take whatever comes in.
public final class Credit {
    private static final long NS_PER_US = 1000;
    /// The least that must fit, or the interface would stand still.
    private static final long MIN_BURST_BYTES = 128 << 10;

    /// A century and more, so that sums do not overflow.
    private static final long LONGEST_WAIT_NS = Long.MAX_VALUE / 2;
    /// What an interface has that is not limited.
    private static final long ENDLESS = Long.MAX_VALUE;

    private long bytesPerPeriod;
    private long periodNs;
    private long credit;
    private long refilledNs;
    private boolean begun;
    private volatile int rates;

    public Credit(long bytesPerPeriod, long periodUs) {
        change(bytesPerPeriod, periodUs);
    }

    /// An interface without a limit.
    public static Credit unlimited() {
        return new Credit(ENDLESS, ENDLESS / NS_PER_US);
    }

    /// Another rate, as if the interface began with it now. What frames that wait have paid is forgotten: they pay again,
    /// within a tenth of a second.
    ///
    /// @param bytesPerPeriod at least 1
    /// @param periodUs       microseconds, at least 1
    public synchronized void change(long bytesPerPeriod, long periodUs) {
        if (bytesPerPeriod < 1 || periodUs < 1) {
            throw new IllegalArgumentException("bytesPerPeriod=" + bytesPerPeriod + " periodUs=" + periodUs);
        }
        this.bytesPerPeriod = bytesPerPeriod;
        this.periodNs = periodUs * NS_PER_US;
        this.credit = bytesPerPeriod;
        begun = false;
        rates++;
    }

    /// Another number than before if the rate has been changed.
    int rates() {
        return rates;
    }

    /// No limit any more.
    public void lift() {
        change(ENDLESS, ENDLESS / NS_PER_US);
    }

    /// Takes the credit for a frame, and says when it may be sent.
    ///
    /// @return nanoseconds from now, 0 for at once
    synchronized long take(int byteLength, long nowNs) {
        if (!begun) {
            begun = true;
            refilledNs = nowNs;
        }
        long periods = (nowNs - refilledNs) / periodNs;
        if (periods > 0) {
            refilledNs += periods * periodNs;
            refill(periods);
        }
        credit -= byteLength;
        if (credit >= 0) {
            return 0;
        }
        long periodsToWait = (-credit + bytesPerPeriod - 1) / bytesPerPeriod;
        return refilledNs + Math.min(periodsToWait, LONGEST_WAIT_NS / periodNs) * periodNs - nowNs;
    }

    private void refill(long periods) {
        long most = Math.max(MIN_BURST_BYTES, bytesPerPeriod);
        boolean full = periods > (most - credit) / bytesPerPeriod;
        credit = full ? most : credit + periods * bytesPerPeriod;
    }
}
