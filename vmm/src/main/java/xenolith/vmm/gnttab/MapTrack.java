package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GNTMAP_DEVICE_MAP;
import static xenolith.abi.XenGrantTable.GNTMAP_HOST_MAP;

import java.util.Arrays;

/// The mappings that one grantee has: for each handle the ref and the `GNTMAP_` flags it was made with. Free handles
/// form a list.
final class MapTrack {
    static final int KINDS = GNTMAP_HOST_MAP | GNTMAP_DEVICE_MAP;

    private static final int FIRST_SIZE = 64;
    private static final int END = -1;

    private final int limit;
    private int[] flags = new int[0];
    /// The ref, or for a free handle the next free one.
    private int[] refs = new int[0];
    private int free = END;
    private int used;

    /// @param limit how many handles there may be at once
    MapTrack(int limit) {
        this.limit = limit;
    }

    boolean isFull() {
        return used == limit;
    }

    /// Handles in use.
    int used() {
        return used;
    }

    /// Every handle in use is below this.
    int end() {
        return flags.length;
    }

    /// A new handle; not when [#isFull].
    int add(int ref, int mapFlags) {
        if (free == END) {
            grow();
        }
        int handle = free;
        free = refs[handle];
        refs[handle] = ref;
        flags[handle] = mapFlags;
        used++;
        return handle;
    }

    /// The flags of a handle, which may be any number; 0 if it is not in use.
    int flags(int handle) {
        return Integer.compareUnsigned(handle, flags.length) < 0 ? flags[handle] : 0;
    }

    int ref(int handle) {
        return refs[handle];
    }

    /// Takes `kinds` of mapping off a handle in use, which is free when none is left.
    void drop(int handle, int kinds) {
        flags[handle] &= ~kinds;
        if ((flags[handle] & KINDS) == 0) {
            flags[handle] = 0;
            refs[handle] = free;
            free = handle;
            used--;
        }
    }

    private void grow() {
        int old = flags.length;
        int size = Math.min(limit, Math.max(FIRST_SIZE, 2 * old));
        flags = Arrays.copyOf(flags, size);
        refs = Arrays.copyOf(refs, size);
        for (int handle = size - 1; handle >= old; handle--) {
            refs[handle] = free;
            free = handle;
        }
    }
}
