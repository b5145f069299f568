package xenolith.vmm.domain;

import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.CommitEpoch;
import xenolith.vmm.mm.EntryWriter;
import xenolith.vmm.monitor.CommitQueue;

/// Brings the validator's stores to the hardware by way of the commit queue, and keeps the hypervisor's L4 slots.
final class DomainEntryWriter implements EntryWriter {
    private static final int FIRST_SLOT = 256;
    private static final int LAST_SLOT = 271;
    private static final int ROOT_LEVEL = 4;

    private final MachineMemory memory;
    private final CommitQueue commits;
    private final CommitEpoch epoch = new CommitEpoch();
    private Roots roots;

    DomainEntryWriter(MachineMemory memory, CommitQueue commits) {
        this.memory = memory;
        this.commits = commits;
    }

    /// Says whom to tell of newly validated level-4 tables.
    void roots(Roots domainRoots) {
        roots = domainRoots;
    }

    @Override
    public CommitEpoch epoch() {
        return epoch;
    }

    @Override
    public void write(long entryMa, long oldValue, long newValue, int level, boolean preserveAd) {
        commits.store(entryMa, oldValue, newValue, preserveAd);
        if (level == ROOT_LEVEL) {
            roots.entryStored(entryMa);
        }
    }

    @Override
    public boolean exchange(long entryMa, long expected, long newValue, int level) {
        return commits.exchange(entryMa, expected, newValue);
    }

    @Override
    public void retired(long mfn) {
        commits.retire(mfn);
    }

    static boolean isHypervisorSlot(int slot) {
        return slot >= FIRST_SLOT && slot <= LAST_SLOT;
    }

    /// Slots stay empty until the table is loaded as a root: only then is it known which flavour it needs.
    @Override
    public void installHypervisorSlots(long mfn) {
        roots.forget(mfn);
        for (int slot = FIRST_SLOT; slot <= LAST_SLOT; slot++) {
            long entryMa = (mfn << MachineMemory.PAGE_SHIFT) + slot * 8L;
            commits.store(entryMa, memory.readWord(entryMa), 0, false);
        }
    }

    /// Never here: a vcpu might be running, be it only one that pretends to wait for its answer. The hypercall is
    /// repeated after a commit that is proven to have happened.
    @Override
    public boolean commitBeforeReturn() {
        return false;
    }
}
