package xenolith.vmm.domain;

import xenolith.abi.XenErrno;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.monitor.Monitor;
import xenolith.vmm.monitor.MonitorAbi;

/// The level-4 tables that vcpus run on, and their flavour: whether the monitor's slot of a table is that of the guest's
/// kernel or of its user mode.
///
/// A table has one flavour for as long as it is loaded anywhere, and a vcpu that left it may have translations of it for
/// as long as the commit that took it away is not proven. Another flavour before that is refused or has to wait: ring 0
/// would else go on in the wrong page.
///
/// Lock: the domain's.
public final class Roots {
    private static final byte NONE = 0;
    private static final byte KERNEL = 1;
    private static final byte USER = 2;

    private final Domain domain;
    private final MachineMemory memory;
    private final PageTables tables;
    private final DomainEntryWriter writer;
    private final Monitor monitor;
    private final byte[] flavour;
    private final byte[] loaded;
    /// The epoch in which a table was unloaded last.
    private final long[] unloaded;

    Roots(Domain domain, DomainEntryWriter writer) {
        this.domain = domain;
        this.memory = domain.memory();
        this.tables = domain.pageTables();
        this.writer = writer;
        this.monitor = domain.monitor();
        int frameCount = Math.toIntExact(memory.frameCount());
        this.flavour = new byte[frameCount];
        this.loaded = new byte[frameCount];
        this.unloaded = new long[frameCount];
    }

    /// Makes `mfn` the root of the kernel on `vcpu`, in place of the present one; the next commit loads it.
    ///
    /// @return 0, a negative errno, or [PageTables#RETRY]
    public long loadKernel(Vcpu vcpu, long mfn) {
        long old = vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
        if (mfn != old || old == 0) {
            long rc = take(mfn, KERNEL);
            if (rc < 0) {
                return rc;
            }
            vcpu.window().kernelCr3(mfn << MachineMemory.PAGE_SHIFT);
            drop(old);
        }
        domain.commits().require();
        return 0;
    }

    /// Makes `mfn` the root of user mode on `vcpu`, or none if it is 0.
    public long loadUser(Vcpu vcpu, long mfn) {
        long old = vcpu.window().userCr3() >>> MachineMemory.PAGE_SHIFT;
        if (mfn == old) {
            return 0;
        }
        if (mfn != 0) {
            long rc = take(mfn, USER);
            if (rc < 0) {
                return rc;
            }
        }
        vcpu.window().userCr3(mfn << MachineMemory.PAGE_SHIFT);
        drop(old);
        return 0;
    }

    /// Takes back [#loadKernel] of a vcpu that never ran.
    public void dropKernel(Vcpu vcpu) {
        drop(vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT);
        vcpu.window().kernelCr3(0);
    }

    /// The table `mfn` was validated just now: it is no root yet, whatever it was before.
    void forget(long mfn) {
        flavour[index(mfn)] = NONE;
    }

    private long take(long mfn, byte wanted) {
        long rc = tables.newBase(mfn);
        if (rc < 0) {
            return rc;
        }
        rc = giveFlavour(mfn, wanted);
        if (rc < 0) {
            tables.dropBase(mfn);
        }
        return rc;
    }

    private long giveFlavour(long mfn, byte wanted) {
        int i = index(mfn);
        if (flavour[i] != wanted) {
            if (loaded[i] > 0) {
                return -XenErrno.EINVAL;
            }
            if (flavour[i] != NONE && writer.epoch().mayBeStale(unloaded[i])) {
                return PageTables.RETRY;
            }
            flavour[i] = wanted;
            setSlot(mfn, MonitorAbi.L4_SLOT, wanted == USER ? monitor.userSlotEntry() : monitor.kernelSlotEntry());
            setSlot(mfn, MonitorAbi.TRADITIONAL_M2P_SLOT, wanted == USER ? 0 : monitor.traditionalM2pEntry());
        }
        loaded[i]++;
        return 0;
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

    private void drop(long mfn) {
        if (mfn != 0) {
            loaded[index(mfn)]--;
            unloaded[index(mfn)] = writer.epoch().current();
            tables.dropBase(mfn);
        }
    }

    private static int index(long mfn) {
        return (int) (mfn - MachineMemory.BASE_MFN);
    }
}
