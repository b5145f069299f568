package xenolith.backend.net;

/// How much an interface may send: so many bytes in each period (`rate` of docs/man/xl-network-configuration). What is
/// not used is kept, up to one period's worth, or a frame of any size if that is less. For threads of all its queues, and
/// for who changes the rate meanwhile.
public final class Credit {
    private static final long NS_PER_US = 1000;
    /// The least that must fit, or the interface would stand still.
    private static final long MIN_BURST_BYTES = 128 << 10;

    /// Who waits asks again after that at the latest: the rate may be another by then.
    private static final long LONGEST_WAIT_NS = 100_000_000;
    /// What an interface has that is not limited.
    private static final long ENDLESS = Long.MAX_VALUE;

    private long bytesPerPeriod;
    private long periodNs;
    private long credit;
    private long refilledNs;
    private boolean begun;

    public Credit(long bytesPerPeriod, long periodUs) {
        change(bytesPerPeriod, periodUs);
    }

    /// An interface without a limit.
    public static Credit unlimited() {
        return new Credit(ENDLESS, ENDLESS / NS_PER_US);
    }

    /// Another rate, as if the interface began with it now. Frames that wait go by it within a tenth of a second.
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
    }

    /// No limit any more.
    public void lift() {
        change(ENDLESS, ENDLESS / NS_PER_US);
    }

    /// Takes the credit for a frame, or says how long to wait before asking again.
    ///
    /// @return 0 if it may be sent, else nanoseconds
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
        if (credit < byteLength) {
            return Math.min(LONGEST_WAIT_NS, refilledNs + periodNs - nowNs);
        }
        credit -= byteLength;
        return 0;
    }

    private void refill(long periods) {
        long most = Math.max(MIN_BURST_BYTES, bytesPerPeriod);
        boolean full = periods > (most - credit) / bytesPerPeriod;
        credit = full ? most : credit + periods * bytesPerPeriod;
    }
}
