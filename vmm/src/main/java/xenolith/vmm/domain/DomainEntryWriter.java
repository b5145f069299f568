package xenolith.vmm.domain;

import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.CommitEpoch;
import xenolith.vmm.mm.EntryWriter;
import xenolith.vmm.monitor.CommitQueue;
import xenolith.vmm.monitor.MonitorAbi;

/// Brings the validator's stores to the hardware by way of the commit queue, and keeps the hypervisor's L4 slots.
final class DomainEntryWriter implements EntryWriter {
    private static final int FIRST_SLOT = 256;
    private static final int LAST_SLOT = 271;

    private final MachineMemory memory;
    private final CommitQueue commits;
    private final CommitEpoch epoch = new CommitEpoch();
    private boolean guestStandsStill = true;

    DomainEntryWriter(MachineMemory memory, CommitQueue commits) {
        this.memory = memory;
        this.commits = commits;
    }

    /// Says whether every vcpu is out of the guest until the present operation ends. If not (a poller serves a vcpu
    /// that only claims to wait), whatever must be committed first has to be asked again in an exit.
    void guestStandsStill(boolean still) {
        guestStandsStill = still;
    }

    @Override
    public CommitEpoch epoch() {
        return epoch;
    }

    @Override
    public void write(long entryMa, long oldValue, long newValue, int level, boolean preserveAd) {
        commits.store(entryMa, oldValue, newValue, preserveAd);
    }

    @Override
    public boolean exchange(long entryMa, long expected, long newValue, int level) {
        return commits.exchange(entryMa, expected, newValue);
    }

    @Override
    public void retired(long mfn) {
        commits.retire(mfn);
    }

    /// Slots stay empty until the table is loaded as a root: only then is it known which flavour it needs.
    @Override
    public void installHypervisorSlots(long mfn) {
        for (int slot = FIRST_SLOT; slot <= LAST_SLOT; slot++) {
            memory.writeWord((mfn << MachineMemory.PAGE_SHIFT) + slot * 8L, 0);
        }
    }

    /// Makes `mfn`, a validated L4, a root with the monitor's entry `slotEntry`.
    void installMonitor(long mfn, long slotEntry) {
        long entryMa = (mfn << MachineMemory.PAGE_SHIFT) + MonitorAbi.L4_SLOT * 8L;
        long old = memory.readWord(entryMa);
        if ((old & ~0x60L) != (slotEntry & ~0x60L)) {
            memory.writeWord(entryMa, slotEntry);
            if (old != 0) {
                commits.queue(entryMa);
                commits.require();
            }
        }
    }

    @Override
    public boolean commitBeforeReturn() {
        if (guestStandsStill) {
            commits.require();
        }
        return guestStandsStill;
    }
}
