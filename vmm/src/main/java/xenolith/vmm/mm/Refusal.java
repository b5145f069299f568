package xenolith.vmm.mm;

/// Why the validator said no, and the errno the guest sees for it (Xen's choice wherever Xen has one).
public enum Refusal {
    /// The frame number lies outside the machine.
    BEYOND_MEMORY(PageTables.EINVAL),
    /// The frame is another domain's, the hypervisor's or nobody's.
    FRAME_NOT_OWNED(PageTables.EPERM),
    /// The frame is in use as something else; page tables and descriptor tables are never writable.
    TYPE_CONFLICT(PageTables.EBUSY),
    /// The frame is a page table, but of another level than the one asked for.
    LEVEL_MISMATCH(PageTables.EINVAL),
    /// A frame that the hypervisor lends cannot become a table, nor be given back.
    SHARED_FRAME(PageTables.EINVAL),
    /// A frame lent for reading only.
    SHARED_READ_ONLY(PageTables.EPERM),
    /// L4 slots 256–271.
    HYPERVISOR_SLOT(PageTables.EINVAL),
    /// A bit that the hardware reserves, or that belongs to features not offered.
    RESERVED_BITS(PageTables.EINVAL),
    /// Page size bit above level 1.
    SUPERPAGE(PageTables.EINVAL),
    /// A table that maps itself, or another of its level, may do so read-only.
    WRITABLE_SELF_MAP(PageTables.EINVAL),
    /// A table that maps another of its level may not be so mapped itself: two that map each other would never end.
    LINEAR_CHAIN(PageTables.EINVAL),
    PINNED_TWICE(PageTables.EINVAL),
    NOT_PINNED(PageTables.EINVAL),
    BAD_LEVEL(PageTables.EINVAL),
    /// The entry's address is not a multiple of 8.
    MISALIGNED(PageTables.EINVAL),
    /// No level-1 entry exists for the address.
    NOT_MAPPED(PageTables.EINVAL),
    /// The frame is not a level-1 table in use.
    NOT_AN_L1(PageTables.EINVAL),
    /// Descriptor tables change by update_descriptor, never as page-table entries.
    DESCRIPTOR_TABLE(PageTables.EINVAL),
    /// A system descriptor in a GDT or LDT.
    BAD_DESCRIPTOR(PageTables.EINVAL),
    /// More references than a counter holds.
    COUNT_OVERFLOW(PageTables.EINVAL),
    /// The frame is still mapped, typed or held.
    STILL_REFERENCED(PageTables.EBUSY),
    /// Not an error of the guest: pending commits must reach the hardware first. The caller repeats the operation.
    COMMIT_FIRST(PageTables.EAGAIN),
    /// Not an error of the guest: enough was validated for one call. The caller repeats the operation.
    PIECE_OVER(PageTables.EAGAIN),
    /// Not an error of the guest: the entry changed between its read and its emulated write.
    ENTRY_CHANGED(PageTables.EAGAIN);

    private final long negativeErrno;

    Refusal(int errno) {
        this.negativeErrno = -errno;
    }

    /// Whether the guest asked for something that it may not have. Otherwise the operation is only put off.
    public boolean isGuestsError() {
        return negativeErrno != PageTables.RETRY;
    }

    /// What the hypercall answers, for example -22.
    public long negativeErrno() {
        return negativeErrno;
    }
}
