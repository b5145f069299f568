package xenolith.backend.net;

import xenolith.backend.Allowance;

/// How much an interface may send: so many bytes in each period (`rate` of docs/man/xl-network-configuration). What is
/// not used is kept, up to one period's worth, or a frame of any size if that is less. For threads of all its queues, and
/// for who changes the rate meanwhile.
///
/// A frame is paid for when it is its turn, and goes when the debt is paid.
public final class Credit {
    /// The least that must fit, or the interface would stand still.
    private static final long MIN_BURST_BYTES = 128 << 10;

    private final Allowance bytes = new Allowance(MIN_BURST_BYTES);

    private Credit() {
    }

    public Credit(long bytesPerPeriod, long periodUs) {
        change(bytesPerPeriod, periodUs);
    }

    /// An interface without a limit.
    public static Credit unlimited() {
        return new Credit();
    }

    /// Another rate, as if the interface began with it now. What frames that wait have paid is forgotten: they pay again,
    /// within a tenth of a second.
    ///
    /// @param bytesPerPeriod at least 1
    /// @param periodUs       microseconds, at least 1
    public void change(long bytesPerPeriod, long periodUs) {
        bytes.change(bytesPerPeriod, periodUs);
    }

    /// Another number than before if the rate has been changed.
    int rates() {
        return bytes.changes();
    }

    /// No limit any more.
    public void lift() {
        bytes.lift();
    }

    /// Takes the credit for a frame, and says when it may be sent.
    ///
    /// @return nanoseconds from now, 0 for at once
    long take(int byteLength, long nowNs) {
        return bytes.take(byteLength, nowNs);
    }
}
