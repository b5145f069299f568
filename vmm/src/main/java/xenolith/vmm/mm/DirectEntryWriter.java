package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ACCESSED_DIRTY;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;
import static xenolith.vmm.mm.PteBits.HYPERVISOR_FIRST_SLOT;

import xenolith.vmm.guest.MachineMemory;

/// The simplest writer: stores at once and queues nothing.
///
/// Right where nothing caches translations, that is in tests and while a domain is built, before its first vCPU runs.
public final class DirectEntryWriter implements EntryWriter {
    private final MachineMemory memory;
    private final long[] hypervisorSlots;
    private final CommitEpoch epoch = new CommitEpoch();

    /// @param hypervisorSlots the entries for slot 256 and up, at most 16
    public DirectEntryWriter(MachineMemory memory, long... hypervisorSlots) {
        int room = PteBits.HYPERVISOR_LAST_SLOT - HYPERVISOR_FIRST_SLOT + 1;
        if (hypervisorSlots.length > room) {
            throw new IllegalArgumentException("hypervisorSlots=" + hypervisorSlots.length + " exceeds " + room);
        }
        this.memory = memory;
        this.hypervisorSlots = hypervisorSlots.clone();
    }

    @Override
    public CommitEpoch epoch() {
        return epoch;
    }

    @Override
    public void write(long entryMa, long oldValue, long newValue, int level, boolean preserveAd) {
        long found = oldValue;
        while (true) {
            long value = preserveAd ? newValue | found & ACCESSED_DIRTY : newValue;
            long seen = memory.compareAndExchangeWord(entryMa, found, value);
            if (seen == found) {
                return;
            }
            if (((seen ^ found) & ~ACCESSED_DIRTY) != 0) {
                throw new IllegalStateException("entry " + Long.toHexString(entryMa) + " changed under the lock from "
                        + Long.toHexString(found) + " to " + Long.toHexString(seen));
            }
            found = seen;
        }
    }

    @Override
    public boolean exchange(long entryMa, long expected, long newValue, int level) {
        return memory.compareAndExchangeWord(entryMa, expected, newValue) == expected;
    }

    @Override
    public void retired(long mfn) {
        // Nothing shadows anything here.
    }

    @Override
    public void installHypervisorSlots(long mfn) {
        long firstMa = (mfn << MachineMemory.PAGE_SHIFT) + ((long) HYPERVISOR_FIRST_SLOT << ENTRY_SHIFT);
        for (int slot = HYPERVISOR_FIRST_SLOT; slot <= PteBits.HYPERVISOR_LAST_SLOT; slot++) {
            int i = slot - HYPERVISOR_FIRST_SLOT;
            memory.writeWord(firstMa + ((long) i << ENTRY_SHIFT), i < hypervisorSlots.length ? hypervisorSlots[i] : 0);
        }
    }

    @Override
    public boolean commitBeforeReturn() {
        epoch.advance();
        return true;
    }
}
