package xenolith.vmm.domain;

import xenolith.abi.XenErrno;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.mm.PageWalk;

/// Each vcpu's LDT: up to 16 pages of validated descriptors, at a guest address (`MMUEXT_SET_LDT`, `xen.h`).
///
/// LDTR always points at the vcpu's place in the monitor's slot; the guest's pages are mapped there, and an empty page
/// wherever it has none. A page is validated and mapped when the table is set, and stays in it, whatever becomes of the
/// guest's mapping, until the vcpu gets another table. (Xen does so at the first use, and again after each change of
/// root; a page that it cannot take is a page fault of the guest then, where ours refuses the table.)
///
/// Lock: the domain's.
public final class GuestLdts {
    static final int MAX_ENTRIES = 8192;
    private static final int ENTRIES_PER_FRAME = 512;
    private static final int MAX_FRAMES = MAX_ENTRIES / ENTRIES_PER_FRAME;
    private static final long PTE_PRESENT = 1;
    private static final long PTE_ADDRESS = 0x000f_ffff_ffff_f000L;

    private final Domain domain;
    private final PageTables tables;
    private final long[][] frames;
    private final long[] wanted = new long[MAX_FRAMES];

    GuestLdts(Domain domain, int vcpuCount) {
        this.domain = domain;
        this.tables = domain.pageTables();
        this.frames = new long[vcpuCount][MAX_FRAMES];
    }

    /// Whether a guest may ask for this table at all.
    public static boolean isAcceptable(long va, long entries) {
        return entries == 0 || entries > 0 && entries <= MAX_ENTRIES && (va & MachineMemory.PAGE_SIZE - 1) == 0
                && PageWalk.isGuestAddress(va);
    }

    /// Gives vcpu `id` the table of `entries` descriptors at `va` under root `rootMfn`, or none if `entries` is 0.
    /// Pages that are not mapped are empty. On refusal the present table stays.
    ///
    /// @return 0, a negative errno, or [PageTables#RETRY]
    public long set(int id, long rootMfn, long va, long entries) {
        if (!isAcceptable(va, entries)) {
            return -XenErrno.EINVAL;
        }
        int count = (int) ((entries + ENTRIES_PER_FRAME - 1) / ENTRIES_PER_FRAME);
        for (int i = 0; i < count; i++) {
            wanted[i] = frameAt(rootMfn, va + i * (long) MachineMemory.PAGE_SIZE);
            long rc = wanted[i] == 0 ? 0 : tables.getSegdesc(wanted[i]);
            if (rc < 0) {
                put(wanted, i);
                return rc;
            }
        }
        install(id, count);
        return 0;
    }

    /// The domain is dead.
    void release() {
        for (long[] table : frames) {
            put(table, MAX_FRAMES);
        }
    }

    private long frameAt(long rootMfn, long va) {
        long entryMa = tables.leafEntryMa(rootMfn, va);
        if (entryMa < 0) {
            return 0;
        }
        long entry = domain.memory().readWord(entryMa);
        return (entry & PTE_PRESENT) == 0 ? 0 : (entry & PTE_ADDRESS) >>> MachineMemory.PAGE_SHIFT;
    }

    private void put(long[] mfns, int count) {
        for (int i = 0; i < count; i++) {
            if (mfns[i] != 0) {
                tables.putSegdesc(mfns[i]);
                mfns[i] = 0;
            }
        }
    }

    private void install(int id, int count) {
        long[] current = frames[id];
        for (int i = 0; i < MAX_FRAMES; i++) {
            long old = current[i];
            long mfn = i < count ? wanted[i] : 0;
            if (old != mfn) {
                current[i] = mfn;
                domain.monitor().mapLdtPage(id, i, mfn, domain.commits()::queue);
                domain.commits().require();
            }
            if (old != 0) {
                tables.putSegdesc(old);
            }
        }
    }
}
