package xenolith.backend.blk;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.port.GrantAccess;

/// The guest's pages that a queue uses: mapped for one request, or for good where the frontend grants the same pages
/// again and again (`feature-persistent`). For one thread.
final class GrantedPages {
    /// How many pages stay mapped; Linux's backend keeps about half as many. Beyond it pages are mapped for a request.
    static final int MAX_PERSISTENT = 2048;
    /// A power of two, so that the table is never more than half full.
    private static final int TABLE_SIZE = 2 * MAX_PERSISTENT;
    /// A page that was a page table is ours after the guest's next commit, which it is driven to.
    private static final int ATTEMPTS = 1000;
    private static final long PAUSE_NS = 100_000;

    private final GrantAccess grants;
    private final boolean persistent;
    private final int[] keptRefs = new int[TABLE_SIZE];
    private final MemorySegment[] keptPages = new MemorySegment[TABLE_SIZE];
    private int keptCount;
    private final int[] handles = new int[BlkRequest.MAX_SEGMENTS];
    private int handleCount;

    GrantedPages(GrantAccess grants, boolean persistent) {
        this.grants = grants;
        this.persistent = persistent;
    }

    /// The page granted by `ref`, valid until [#release]; null if it is not granted so.
    MemorySegment page(int ref, boolean writable) {
        if (persistent) {
            MemorySegment kept = keptPage(ref);
            if (kept != null) {
                return kept;
            }
        }
        int handle = map(grants, ref, writable);
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
        int handle = map(grants, ref, true);
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

    /// Ends what was mapped for one request.
    void release() {
        while (handleCount > 0) {
            grants.unmap(handles[--handleCount]);
        }
    }

    /// A mapping, or what is wrong after all attempts.
    static int map(GrantAccess grants, int ref, boolean writable) {
        int rc = grants.map(ref, writable);
        for (int i = 0; i < ATTEMPTS && rc == XenGrantTable.GNTST_EAGAIN; i++) {
            LockSupport.parkNanos(PAUSE_NS);
            rc = grants.map(ref, writable);
        }
        return rc;
    }

    /// Copies from the start of a page, likewise.
    static int copyFrom(GrantAccess grants, int ref, MemorySegment to, long toOffset, int byteLength) {
        int rc = grants.copyFrom(ref, 0, to, toOffset, byteLength);
        for (int i = 0; i < ATTEMPTS && rc == XenGrantTable.GNTST_EAGAIN; i++) {
            LockSupport.parkNanos(PAUSE_NS);
            rc = grants.copyFrom(ref, 0, to, toOffset, byteLength);
        }
        return rc;
    }
}
