package xenolith.backend.blk;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenGrantTable;
import xenolith.backend.GrantPatience;
import xenolith.backend.PatientGrants;
import xenolith.vmm.port.GrantAccess;

/// The guest's pages that a queue may use, and those that stay mapped for good where the frontend grants the same pages
/// again and again (`feature-persistent`). What else is mapped belongs to a [RunPages]. For one thread.
final class GrantedPages {
    /// How many pages stay mapped; Linux's backend keeps about half as many. Beyond it pages are mapped for a request.
    static final int MAX_PERSISTENT = 2048;
    /// A power of two, so that the table is never more than half full.
    private static final int TABLE_SIZE = 2 * MAX_PERSISTENT;

    private final GrantAccess grants;
    private final boolean persistent;
    private final GrantPatience patience = GrantPatience.forSeconds();
    private final int[] keptRefs;
    private final MemorySegment[] keptPages;
    private int keptCount;

    GrantedPages(GrantAccess grants, boolean persistent) {
        this.grants = grants;
        this.persistent = persistent;
        this.keptRefs = new int[persistent ? TABLE_SIZE : 0];
        this.keptPages = new MemorySegment[persistent ? TABLE_SIZE : 0];
    }

    /// The page granted by `ref` if it is kept, or can be: for writing, whatever it is wanted for now, as later requests
    /// reuse it. Null if not.
    MemorySegment kept(int ref) {
        if (!persistent) {
            return null;
        }
        int at = place(ref);
        if (keptPages[at] != null) {
            return keptPages[at];
        }
        if (keptCount == MAX_PERSISTENT) {
            return null;
        }
        int handle = PatientGrants.map(grants, ref, true, patience);
        if (handle < 0) {
            return null;
        }
        keptCount++;
        keptRefs[at] = ref;
        keptPages[at] = grants.page(handle);
        return keptPages[at];
    }

    /// Where `ref` stands in the table, or would. The table has room, so the search ends.
    private int place(int ref) {
        int at = ref * 0x9e3779b1 >>> Integer.SIZE - Integer.numberOfTrailingZeros(TABLE_SIZE);
        while (keptPages[at] != null && keptRefs[at] != ref) {
            at = at + 1 & TABLE_SIZE - 1;
        }
        return at;
    }

    /// Maps the page granted by `ref`. Returns its handle, or a negative number if it is not granted so.
    int map(int ref, boolean writable) {
        return PatientGrants.map(grants, ref, writable, patience);
    }

    MemorySegment page(int handle) {
        return grants.page(handle);
    }

    void unmap(int handle) {
        grants.unmap(handle);
    }

    /// New requests come: the guest is waited for as long as if nothing had been waited for.
    void renewPatience() {
        patience.renew();
    }

    /// Copies from the start of the page granted by `ref`. Returns false if it is not granted so.
    boolean copyFrom(int ref, MemorySegment to, long toOffset, int byteLength) {
        return PatientGrants.copyFrom(grants, ref, 0, to, toOffset, byteLength, patience) == XenGrantTable.GNTST_OKAY;
    }
}
