package xenolith.vmm.mm;

/// Tells which frames may still have translations of a former use somewhere in the hardware.
///
/// A frame that loses a type, or its last reference, is stamped with [#current]. Whoever sets out to commit all queued
/// entries calls [#begin]: what is stamped from then on belongs to the next commit. Once that commit is proven, and no
/// vCPU that left a root before it is unproven, [#settle] says so. With several vCPUs commits overlap, hence the two steps. One per
/// domain, under its mm lock. Xen's counterpart is the TLB-flush clock.
public final class CommitEpoch {
    /// The stamp of a frame that never lost a type or its last reference.
    static final long NEVER = 0;

    private long current = NEVER + 1;
    private long settled = NEVER + 1;

    public long current() {
        return current;
    }

    /// Begins a new epoch and returns it: a commit of everything queued so far settles all before it.
    public long begin() {
        return ++current;
    }

    /// No translation is left of frames that were stamped before `epoch`.
    public void settle(long epoch) {
        settled = Math.max(settled, epoch);
    }

    /// Both steps at once, for a commit that no other overlaps.
    public void advance() {
        settle(begin());
    }

    /// Whether what has this stamp may have stale translations.
    public boolean mayBeStale(long stamp) {
        return stamp >= settled;
    }
}
