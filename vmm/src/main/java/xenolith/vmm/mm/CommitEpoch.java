package xenolith.vmm.mm;

/// Counts the moments at which no vCPU of a domain holds any translation older than that moment.
///
/// Whoever commits queued entries and flushes *every* vCPU of the domain calls [#advance] afterwards; flushing one
/// address or one vCPU does not count. One per domain, under its mm lock. Xen's counterpart is the TLB-flush clock.
public final class CommitEpoch {
    /// The stamp of a frame that never lost a type or its last reference.
    static final long NEVER = 0;

    private long current = NEVER + 1;

    public long current() {
        return current;
    }

    public void advance() {
        current++;
    }
}
