package xenolith.vmm.domain;

import xenolith.vmm.mm.DescriptorTables;
import xenolith.vmm.mm.PageTables;

/// The guest's part of each vcpu's GDT: up to 14 frames of validated descriptors (`arch-x86/xen.h`, `set_gdt`).
///
/// Lock: the domain's.
public final class GuestGdts {
    public static final int ENTRIES_PER_FRAME = 512;

    private final Domain domain;
    private final PageTables tables;
    private final long[][] frames;

    GuestGdts(Domain domain, int vcpuCount) {
        this.domain = domain;
        this.tables = domain.pageTables();
        this.frames = new long[vcpuCount][DescriptorTables.GDT_FRAMES];
    }

    /// Gives vcpu `id` the first `count` frames of `wanted` for its table, all or none.
    ///
    /// @return 0, a negative errno, or [PageTables#RETRY]
    public long set(int id, long[] wanted, int count) {
        for (int i = 0; i < count; i++) {
            long rc = tables.getSegdesc(wanted[i]);
            if (rc < 0) {
                for (int taken = 0; taken < i; taken++) {
                    tables.putSegdesc(wanted[taken]);
                }
                return rc;
            }
        }
        install(id, wanted, count);
        return 0;
    }

    /// The domain is dead.
    void release() {
        for (long[] table : frames) {
            for (int i = 0; i < table.length; i++) {
                if (table[i] != 0) {
                    tables.putSegdesc(table[i]);
                    table[i] = 0;
                }
            }
        }
    }

    private void install(int id, long[] wanted, int count) {
        long[] current = frames[id];
        for (int i = 0; i < current.length; i++) {
            long old = current[i];
            long mfn = i < count ? wanted[i] : 0;
            if (old != mfn) {
                current[i] = mfn;
                domain.monitor().mapGdtPage(id, i, mfn, domain.commits()::queue);
            }
            if (old != 0) {
                tables.putSegdesc(old);
            }
        }
        domain.commits().require();
    }
}
