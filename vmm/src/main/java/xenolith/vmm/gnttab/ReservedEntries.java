package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GNTTAB_NR_RESERVED_ENTRIES;
import static xenolith.abi.XenGrantTable.GTF_PERMIT_ACCESS;
import static xenolith.abi.XenGrantTable.GTF_READING;
import static xenolith.abi.XenGrantTable.GTF_SUB_PAGE;
import static xenolith.abi.XenGrantTable.GTF_TRANSITIVE;
import static xenolith.abi.XenGrantTable.GTF_TYPE_MASK;
import static xenolith.abi.XenGrantTable.GTF_WRITING;

import java.lang.foreign.MemorySegment;
import xenolith.abi.SharedWord;
import xenolith.abi.XenGrantTable.EntryV1;
import xenolith.abi.XenGrantTable.EntryV2;

/// The first eight entries, which outlive a change of version: the toolstack made those of the console and xenstore,
/// and their users keep them pinned. What is no grant of a page is lost.
final class ReservedEntries {
    private static final int IN_USE = GTF_READING | GTF_WRITING;

    private final int[] flags = new int[GNTTAB_NR_RESERVED_ENTRIES];
    private final int[] domid = new int[GNTTAB_NR_RESERVED_ENTRIES];
    private final long[] frame = new long[GNTTAB_NR_RESERVED_ENTRIES];

    /// Whether all of a table of version 2 can be said in version 1. A guest that changes them meanwhile gets what
    /// [#save] makes of it.
    static boolean fitVersion1(MemorySegment shared) {
        for (int ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
            long at = ref * EntryV2.SIZEOF;
            int type = EntryV2.flags(shared, at) & GTF_TYPE_MASK;
            if (type == GTF_TRANSITIVE || type == GTF_PERMIT_ACCESS && EntryV2.frame(shared, at) >>> Integer.SIZE != 0) {
                return false;
            }
        }
        return true;
    }

    void save(MemorySegment shared, MemorySegment status, int version) {
        for (int ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
            if (version == 1) {
                long at = ref * EntryV1.SIZEOF;
                flags[ref] = EntryV1.flags(shared, at);
                domid[ref] = EntryV1.domid(shared, at);
                frame[ref] = Integer.toUnsignedLong(EntryV1.frame(shared, at));
            } else {
                long at = ref * EntryV2.SIZEOF;
                flags[ref] = EntryV2.flags(shared, at) & ~GTF_SUB_PAGE
                        | SharedWord.getShortVolatile(status, ref * EntryV2.STATUS_SIZEOF) & IN_USE;
                domid[ref] = EntryV2.domid(shared, at);
                frame[ref] = EntryV2.frame(shared, at);
            }
        }
    }

    void restore(MemorySegment shared, MemorySegment status, int version) {
        for (int ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
            if ((flags[ref] & GTF_TYPE_MASK) != GTF_PERMIT_ACCESS) {
                continue;
            }
            if (version == 1) {
                long at = ref * EntryV1.SIZEOF;
                EntryV1.domid(shared, at, domid[ref]);
                EntryV1.frame(shared, at, (int) frame[ref]);
                EntryV1.flags(shared, at, flags[ref]);
            } else {
                long at = ref * EntryV2.SIZEOF;
                SharedWord.setShortVolatile(status, ref * EntryV2.STATUS_SIZEOF, flags[ref] & IN_USE);
                EntryV2.domid(shared, at, domid[ref]);
                EntryV2.frame(shared, at, frame[ref]);
                EntryV2.flags(shared, at, flags[ref] & ~IN_USE & ~GTF_SUB_PAGE);
            }
        }
    }
}
