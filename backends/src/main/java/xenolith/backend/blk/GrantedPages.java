package xenolith.backend.blk;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenGrantTable;
import xenolith.backend.GrantPatience;
import xenolith.backend.PatientGrants;
import xenolith.vmm.port.GrantAccess;

/// The guest's pages that a queue uses: mapped for one request, or for good where the frontend grants the same pages
/// again and again (`feature-persistent`). For one thread.
final class GrantedPages {
    /// How many pages stay mapped; Linux's backend keeps about half as many. Beyond it pages are mapped for a request.
    static final int MAX_PERSISTENT = 2048;
    /// A power of two, so that the table is never more than half full.
    private static final int TABLE_SIZE = 2 * MAX_PERSISTENT;

    private final GrantAccess grants;
    private final boolean persistent;
    private final GrantPatience patience = GrantPatience.forSeconds();
    private final int[] keptRefs = new int[TABLE_SIZE];
    private final MemorySegment[] keptPages = new MemorySegment[TABLE_SIZE];
    private int keptCount;
    private final int[] handles;
    private int handleCount;

    /// @param most pages in use at once that are not kept
    GrantedPages(GrantAccess grants, boolean persistent, int most) {
        this.handles = new int[most];
        this.grants = grants;
        this.persistent = persistent;
    }

    /// The page granted by `ref`, valid until it is let go of by [#release]; null if it is not granted so.
    MemorySegment page(int ref, boolean writable) {
        if (persistent) {
            MemorySegment kept = keptPage(ref);
            if (kept != null) {
                return kept;
            }
        }
        int handle = PatientGrants.map(grants, ref, writable, patience);
        if (handle < 0) {
            return null;
        }
        handles[handleCount++] = handle;
        return grants.page(handle);
    }

    /// The page if it is kept or can be: for writing, whatever it is wanted for now, as later requests reuse it.
    private MemorySegment keptPage(int ref) {
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

    /// How many mappings [#release] would end.
    int used() {
        return handleCount;
    }

    /// Ends what was mapped for requests, but for the first `kept`.
    void release(int kept) {
        while (handleCount > kept) {
            grants.unmap(handles[--handleCount]);
        }
        if (kept == 0) {
            patience.renew();
        }
    }

    /// Copies from the start of the page granted by `ref`. Returns false if it is not granted so.
    boolean copyFrom(int ref, MemorySegment to, long toOffset, int byteLength) {
        return PatientGrants.copyFrom(grants, ref, 0, to, toOffset, byteLength, patience) == XenGrantTable.GNTST_OKAY;
    }
}
