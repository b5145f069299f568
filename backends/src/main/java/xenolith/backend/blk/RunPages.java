package xenolith.backend.blk;

import java.lang.foreign.MemorySegment;

/// The guest's pages that one run of requests moves data between. For one thread.
final class RunPages {
    private final GrantedPages granted;
    private final int[] handles;
    private int handleCount;

    /// @param most pages in use at once that are not kept
    RunPages(GrantedPages granted, int most) {
        this.granted = granted;
        this.handles = new int[most];
    }

    /// The page granted by `ref`, valid until it is let go of by [#release]; null if it is not granted so.
    MemorySegment page(int ref, boolean writable) {
        MemorySegment kept = granted.kept(ref);
        if (kept != null) {
            return kept;
        }
        int handle = granted.map(ref, writable);
        if (handle < 0) {
            return null;
        }
        handles[handleCount++] = handle;
        return granted.page(handle);
    }

    /// How many mappings [#release] would end.
    int used() {
        return handleCount;
    }

    /// Ends what was mapped, but for the first `left`.
    void release(int left) {
        while (handleCount > left) {
            granted.unmap(handles[--handleCount]);
        }
        if (left == 0) {
            granted.renewPatience();
        }
    }
}
