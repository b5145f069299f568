package xenolith.vmm.domain;

import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.monitor.MonitorAbi;

/// The level-4 tables that vcpus run on, and their flavour: whether the monitor's slot of a table is that of the guest's
/// kernel or of its user mode.
///
/// A table has one flavour for as long as it is loaded anywhere, and a vcpu that left it may have translations of it for
/// as long as the commit that took it away is not proven. Another flavour before that has to wait: ring 0 would else go
/// on in the wrong page.
///
/// A guest may want one table in both flavours at once. Then the vcpu that comes second runs on a **copy**: a frame of
/// ours, one for each vcpu and flavour, with the guest's entries and its own slot of the monitor. [#entryStored] keeps
/// it in step. It needs no references of its own, since the table that it is a copy of is held, and its entries never
/// outlive that table's.
///
/// Lock: the domain's.
public final class Roots {
    private static final byte NONE = 0;
    private static final byte KERNEL = 1;
    private static final byte USER = 2;
    private static final int FLAVOURS = 3;
    private static final int SLOTS = 512;

    private final Domain domain;
    private final MachineMemory memory;
    private final PageTables tables;
    private final DomainEntryWriter writer;
    private final Monitor monitor;
    private final byte[] flavour;
    private final byte[] loaded;
    /// The epoch in which a table was unloaded last.
    private final long[] unloaded;
    /// The guest's table of each flavour and vcpu, 0 for none.
    private final long[][] named;
    /// Our frame for a copy of it, 0 as long as none was needed.
    private final long[][] copies;
    private final boolean[][] onCopy;
    private int copiesInUse;

    Roots(Domain domain, DomainEntryWriter writer, int vcpuCount) {
        this.domain = domain;
        this.memory = domain.memory();
        this.tables = domain.pageTables();
        this.writer = writer;
        this.monitor = domain.monitor();
        int frameCount = Math.toIntExact(memory.frameCount());
        this.flavour = new byte[frameCount];
        this.loaded = new byte[frameCount];
        this.unloaded = new long[frameCount];
        this.named = new long[FLAVOURS][vcpuCount];
        this.copies = new long[FLAVOURS][vcpuCount];
        this.onCopy = new boolean[FLAVOURS][vcpuCount];
    }

    /// Makes `mfn` the root of the kernel on `vcpu`, in place of the present one; the next commit loads it.
    ///
    /// @return 0, a negative errno, or [PageTables#RETRY]
    public long loadKernel(Vcpu vcpu, long mfn) {
        if (mfn != named[KERNEL][vcpu.id()] || mfn == 0) {
            boolean leaves = named[KERNEL][vcpu.id()] != 0;
            long rc = load(vcpu.id(), mfn, KERNEL);
            if (rc < 0) {
                return rc;
            }
            vcpu.window().kernelCr3(root(vcpu.id(), KERNEL) << MachineMemory.PAGE_SHIFT);
            if (leaves) {
                domain.commits().leavesRoot(vcpu.id());
            }
        }
        domain.commits().require();
        return 0;
    }

    /// Makes `mfn` the root of user mode on `vcpu`, or none if it is 0. Where the call was polled, the vcpu need not be in
    /// its stub, and may have the old one loaded: a commit, which only the kernel can run, proves that it has not.
    public long loadUser(Vcpu vcpu, long mfn) {
        if (mfn == named[USER][vcpu.id()]) {
            return 0;
        }
        boolean leaves = named[USER][vcpu.id()] != 0;
        if (mfn == 0) {
            leave(vcpu.id(), USER);
        } else {
            long rc = load(vcpu.id(), mfn, USER);
            if (rc < 0) {
                return rc;
            }
        }
        vcpu.window().userCr3(root(vcpu.id(), USER) << MachineMemory.PAGE_SHIFT);
        if (leaves) {
            domain.commits().leavesRoot(vcpu.id());
        }
        return 0;
    }

    /// Takes back [#loadKernel] and [#loadUser] of a vcpu that never ran.
    public void dropBoth(Vcpu vcpu) {
        leave(vcpu.id(), KERNEL);
        vcpu.window().kernelCr3(0);
        leave(vcpu.id(), USER);
        vcpu.window().userCr3(0);
    }

    /// The table that the guest named for the kernel of vcpu `id`; CR3 may hold a copy of it.
    public long kernelMfn(int id) {
        return named[KERNEL][id];
    }

    /// The domain is dead.
    void release() {
        for (int id = 0; id < named[KERNEL].length; id++) {
            leave(id, KERNEL);
            leave(id, USER);
        }
    }

    /// The table `mfn` was validated just now: it is no root yet, whatever it was before.
    void forget(long mfn) {
        flavour[index(mfn)] = NONE;
    }

    /// An entry of a level-4 table has changed: those of its copies follow.
    void entryStored(long entryMa) {
        if (copiesInUse == 0) {
            return;
        }
        long mfn = entryMa >>> MachineMemory.PAGE_SHIFT;
        for (int f = KERNEL; f <= USER; f++) {
            for (int id = 0; id < named[f].length; id++) {
                if (onCopy[f][id] && named[f][id] == mfn) {
                    copyEntry(entryMa, copies[f][id]);
                }
            }
        }
    }

    private long load(int id, long mfn, byte wanted) {
        long rc = tables.newBase(mfn);
        if (rc < 0) {
            return rc;
        }
        int i = index(mfn);
        boolean copy = flavour[i] != wanted && loaded[i] > 0;
        if (!copy && flavour[i] != wanted && flavour[i] != NONE && writer.epoch().mayBeStale(unloaded[i])) {
            tables.dropBase(mfn);
            return PageTables.RETRY;
        }
        leave(id, wanted);
        named[wanted][id] = mfn;
        onCopy[wanted][id] = copy;
        if (copy) {
            copiesInUse++;
            fillCopy(id, wanted);
        } else {
            if (flavour[i] != wanted) {
                flavour[i] = wanted;
                setSlots(mfn, wanted);
            }
            loaded[i]++;
        }
        return 0;
    }

    private void fillCopy(int id, byte wanted) {
        if (copies[wanted][id] == 0) {
            copies[wanted][id] = monitor.newRoot();
        }
        long copy = copies[wanted][id];
        setSlots(copy, wanted);
        long tableMa = named[wanted][id] << MachineMemory.PAGE_SHIFT;
        for (int slot = 0; slot < SLOTS; slot++) {
            if (!DomainEntryWriter.isHypervisorSlot(slot)) {
                copyEntry(tableMa + slot * 8L, copy);
            }
        }
        domain.commits().require();
    }

    private void copyEntry(long entryMa, long copyMfn) {
        long toMa = (copyMfn << MachineMemory.PAGE_SHIFT) | entryMa & MachineMemory.PAGE_SIZE - 1;
        domain.commits().store(toMa, memory.readWord(toMa), memory.readWord(entryMa), false);
    }

    private long root(int id, byte wanted) {
        return onCopy[wanted][id] ? copies[wanted][id] : named[wanted][id];
    }

    /// The hypervisor's slots of a root in this flavour.
    private void setSlots(long mfn, byte wanted) {
        setSlot(mfn, MonitorAbi.L4_SLOT, wanted == USER ? monitor.userSlotEntry() : monitor.kernelSlotEntry());
        setSlot(mfn, MonitorAbi.TRADITIONAL_M2P_SLOT, wanted == USER ? 0 : monitor.traditionalM2pEntry());
    }

    private void leave(int id, byte which) {
        long mfn = named[which][id];
        if (mfn == 0) {
            return;
        }
        if (onCopy[which][id]) {
            onCopy[which][id] = false;
            copiesInUse--;
        } else {
            loaded[index(mfn)]--;
            unloaded[index(mfn)] = writer.epoch().current();
        }
        named[which][id] = 0;
        tables.dropBase(mfn);
    }

    private void setSlot(long mfn, int slot, long entry) {
        long entryMa = (mfn << MachineMemory.PAGE_SHIFT) + slot * 8L;
        if (memory.readWord(entryMa) == entry) {
            return;
        }
        if (domain.commits().store(entryMa, memory.readWord(entryMa), entry, false)) {
            domain.commits().require();
        }
    }

    private static int index(long mfn) {
        return (int) (mfn - MachineMemory.BASE_MFN);
    }
}
