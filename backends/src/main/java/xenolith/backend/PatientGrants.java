package xenolith.backend;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.port.GrantAccess;

/// Grants of pages that were page tables a moment ago: such a page is ours after the guest's next commit, which it is
/// driven to. Each call tries for a tenth of a second at most and then answers `GNTST_eagain`.
public final class PatientGrants {
    private static final int ATTEMPTS = 1000;
    private static final long PAUSE_NS = 100_000;

    private PatientGrants() {
    }

    /// As [GrantAccess#map].
    public static int map(GrantAccess grants, int ref, boolean writable) {
        int rc = grants.map(ref, writable);
        for (int i = 0; i < ATTEMPTS && rc == XenGrantTable.GNTST_EAGAIN; i++) {
            LockSupport.parkNanos(PAUSE_NS);
            rc = grants.map(ref, writable);
        }
        return rc;
    }

    /// As [GrantAccess#copyFrom].
    public static int copyFrom(GrantAccess grants, int ref, int offset, MemorySegment to, long toOffset,
            int byteLength) {
        int rc = grants.copyFrom(ref, offset, to, toOffset, byteLength);
        for (int i = 0; i < ATTEMPTS && rc == XenGrantTable.GNTST_EAGAIN; i++) {
            LockSupport.parkNanos(PAUSE_NS);
            rc = grants.copyFrom(ref, offset, to, toOffset, byteLength);
        }
        return rc;
    }

    /// As [GrantAccess#copyTo].
    public static int copyTo(GrantAccess grants, int ref, int offset, MemorySegment from, long fromOffset,
            int byteLength) {
        int rc = grants.copyTo(ref, offset, from, fromOffset, byteLength);
        for (int i = 0; i < ATTEMPTS && rc == XenGrantTable.GNTST_EAGAIN; i++) {
            LockSupport.parkNanos(PAUSE_NS);
            rc = grants.copyTo(ref, offset, from, fromOffset, byteLength);
        }
        return rc;
    }
}
