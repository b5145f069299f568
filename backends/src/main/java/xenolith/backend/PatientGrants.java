package xenolith.backend;

import java.lang.foreign.MemorySegment;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.port.GrantAccess;

/// Grants of pages that were page tables a moment ago: such a page is ours after the guest's next commit, which it is
/// driven to. When there is no [GrantPatience] left the answer is `GNTST_eagain`.
public final class PatientGrants {
    private PatientGrants() {
    }

    /// As [GrantAccess#map], with brief patience.
    public static int map(GrantAccess grants, int ref, boolean writable) {
        int rc = grants.map(ref, writable);
        return rc == XenGrantTable.GNTST_EAGAIN ? map(grants, ref, writable, GrantPatience.brief()) : rc;
    }

    /// As [GrantAccess#copyFrom], with brief patience.
    public static int copyFrom(GrantAccess grants, int ref, int offset, MemorySegment to, long toOffset,
            int byteLength) {
        int rc = grants.copyFrom(ref, offset, to, toOffset, byteLength);
        return rc == XenGrantTable.GNTST_EAGAIN
                ? copyFrom(grants, ref, offset, to, toOffset, byteLength, GrantPatience.brief()) : rc;
    }

    /// As [GrantAccess#copyTo], with brief patience.
    public static int copyTo(GrantAccess grants, int ref, int offset, MemorySegment from, long fromOffset,
            int byteLength) {
        int rc = grants.copyTo(ref, offset, from, fromOffset, byteLength);
        return rc == XenGrantTable.GNTST_EAGAIN
                ? copyTo(grants, ref, offset, from, fromOffset, byteLength, GrantPatience.brief()) : rc;
    }

    /// As [GrantAccess#map].
    public static int map(GrantAccess grants, int ref, boolean writable, GrantPatience patience) {
        int rc = grants.map(ref, writable);
        while (rc == XenGrantTable.GNTST_EAGAIN && patience.pause()) {
            rc = grants.map(ref, writable);
        }
        return rc;
    }

    /// As [GrantAccess#copyTo].
    public static int copyTo(GrantAccess grants, int ref, int offset, MemorySegment from, long fromOffset, int byteLength,
            GrantPatience patience) {
        int rc = grants.copyTo(ref, offset, from, fromOffset, byteLength);
        while (rc == XenGrantTable.GNTST_EAGAIN && patience.pause()) {
            rc = grants.copyTo(ref, offset, from, fromOffset, byteLength);
        }
        return rc;
    }

    /// As [GrantAccess#copyFrom].
    public static int copyFrom(GrantAccess grants, int ref, int offset, MemorySegment to, long toOffset, int byteLength,
            GrantPatience patience) {
        int rc = grants.copyFrom(ref, offset, to, toOffset, byteLength);
        while (rc == XenGrantTable.GNTST_EAGAIN && patience.pause()) {
            rc = grants.copyFrom(ref, offset, to, toOffset, byteLength);
        }
        return rc;
    }
}
