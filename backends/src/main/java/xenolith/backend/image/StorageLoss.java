package xenolith.backend.image;

/// That the host could not store what it had accepted. It says so once to each descriptor, and to one that is opened
/// later not at all: whoever is told remembers it, and tells whom it may concern.
public final class StorageLoss {
    private boolean known;
    private Runnable action = () -> { };

    public synchronized boolean isKnown() {
        return known;
    }

    /// The host has said so.
    public synchronized void happened() {
        known = true;
        action.run();
    }

    /// Has `action` run in [#happened], and now if that was before; in place of an earlier one.
    public synchronized void tell(Runnable told) {
        action = told;
        if (known) {
            told.run();
        }
    }
}
