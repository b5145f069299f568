package xenolith.backend.net;

/// Decides when a worker that has just had work waits a little for more, instead of asking for an event at once.
///
/// An event costs the guest an exit or an interrupt, some 40 µs on a host without hardware virtualization; a nap costs
/// nobody anything but up to its length of delay. So a nap is tried after work was done: if a batch has gathered meanwhile
/// the next one follows, else none is tried for a while, twice as long each time. A guest that sends one packet and waits
/// for the answer is delayed once in [#MAX_ABSTINENCE] packets.
final class Naps {
    /// The host adds its timer's slack, 50 µs unless told otherwise.
    static final long LENGTH_NS = 50_000;
    /// Less than that is no batch.
    private static final int BATCH = 2;
    private static final int MAX_ABSTINENCE = 256;

    private boolean napped;
    private int abstinence = 1;
    private int abstained;

    /// Whether to nap now.
    ///
    /// @param moved how much the round that has just ended had to do
    boolean isDue(int moved) {
        if (napped) {
            napped = false;
            if (moved >= BATCH) {
                abstinence = 0;
            } else {
                abstinence = Math.min(MAX_ABSTINENCE, Math.max(8, 2 * abstinence));
            }
            abstained = 0;
        }
        if (moved == 0 || abstained++ < abstinence) {
            return false;
        }
        napped = true;
        return true;
    }
}
