package xenolith.vmm.mm;

/// Stores page-table entries that the validator has accepted, and brings them to the hardware.
///
/// The validator says *what* an entry may become; how and when the processor learns of it depends on the host: a
/// plain store where that is enough, a queue of commits for the ring-0 monitor where it is not. Every method is called
/// under the domain's mm lock.
public interface EntryWriter {

    /// Advanced by this writer after each full commit and flush.
    CommitEpoch epoch();

    /// Stores `newValue` over the entry at `entryMa`, which held `oldValue` when it was checked. The hardware may
    /// set Accessed and Dirty meanwhile and nothing else may change, so store by compare-and-exchange in a loop. With
    /// `preserveAd` the stored value also keeps both bits as found, present or not (Linux keeps Dirty in PROT_NONE
    /// entries).
    ///
    /// Memory must hold the new value when this returns, since the validator reads back what it allowed. What may
    /// wait until the next commit is only that the hardware notices.
    ///
    /// @param level 1–4, of the table that holds the entry
    void write(long entryMa, long oldValue, long newValue, int level, boolean preserveAd);

    /// Stores `newValue` only if the entry still is exactly `expected`, Accessed and Dirty included: the guest's own
    /// `xchg` or `cmpxchg` is being emulated and will see `expected` as the old value.
    ///
    /// @return whether it was stored
    boolean exchange(long entryMa, long expected, long newValue, int level);

    /// Frame `mfn` no longer is a page table: whatever shadows it may be dropped. Its contents are the guest's.
    void retired(long mfn);

    /// Writes the hypervisor's entries, slots 256–271, into the L4 table `mfn`, whatever is there.
    void installHypervisorSlots(long mfn);

    /// A frame is about to get another use while translations of its former use may survive.
    ///
    /// Contract: commit everything queued and flush every vCPU of the domain before *any* of them runs another
    /// instruction. If they all stand still (one vCPU, in an exit), it is enough to remember this and to commit
    /// before returning to the guest. If one may be running now (a second vCPU, or a caller that spins on its
    /// mailbox, which the guest kernel can fake), do it before returning from here: the validator reads the frame next.
    ///
    /// @return true if that is done or certain; false if it cannot be had in this context. Then the operation is
    ///         undone and answers [PageTables#RETRY]: commit, and repeat it.
    boolean commitBeforeReturn();
}
