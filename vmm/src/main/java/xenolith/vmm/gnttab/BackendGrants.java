package xenolith.vmm.gnttab;

import static xenolith.abi.XenGrantTable.GNTMAP_HOST_MAP;
import static xenolith.abi.XenGrantTable.GNTMAP_READONLY;
import static xenolith.abi.XenGrantTable.GNTST_BAD_COPY_ARG;
import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_EAGAIN;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_NO_DEVICE_SPACE;
import static xenolith.abi.XenGrantTable.GNTST_OKAY;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.port.GrantAccess;

/// What one backend, as domain 0, uses of a domain's grants.
final class BackendGrants implements GrantAccess {
    private static final int DOMID_0 = 0;
    private static final int SEGMENTS = 1024;

    private final MachineMemory memory;
    private final ActiveGrants active;
    private final Lock lock;
    private final Runnable commitSoon;
    private final MapTrack track = new MapTrack(MOST_MAPPED);
    /// Frames as they were handed out last, writable and not: a guest sends from the same ones again and again, and who
    /// maps thousands of pages a second must not leave as many objects behind.
    private final MemorySegment[] segments = new MemorySegment[2 * SEGMENTS];
    private final long[] segmentMfns = new long[2 * SEGMENTS];
    private boolean closed;

    BackendGrants(MachineMemory memory, ActiveGrants active, Lock lock, Runnable commitSoon) {
        this.memory = memory;
        this.active = active;
        this.lock = lock;
        this.commitSoon = commitSoon;
    }

    @Override
    public int map(int ref, boolean writable) {
        lock.lock();
        try {
            if (track.isFull()) {
                return GNTST_NO_DEVICE_SPACE;
            }
            int rc = pin(ref, writable, true);
            return rc == GNTST_OKAY ? track.add(ref, GNTMAP_HOST_MAP | (writable ? 0 : GNTMAP_READONLY)) : rc;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public MemorySegment page(int handle) {
        lock.lock();
        try {
            boolean readOnly = (flags(handle) & GNTMAP_READONLY) != 0;
            return segment(active.mfn(track.ref(handle)), readOnly);
        } finally {
            lock.unlock();
        }
    }

    private MemorySegment segment(long mfn, boolean readOnly) {
        int place = (int) (mfn % SEGMENTS) * 2 + (readOnly ? 1 : 0);
        MemorySegment kept = segments[place];
        if (kept == null || segmentMfns[place] != mfn) {
            MemorySegment page = memory.frame(mfn);
            kept = readOnly ? page.asReadOnly() : page;
            segments[place] = kept;
            segmentMfns[place] = mfn;
        }
        return kept;
    }

    @Override
    public void unmap(int handle) {
        lock.lock();
        try {
            drop(handle, flags(handle));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int copyFrom(int ref, int offset, MemorySegment to, long toOffset, int byteLength) {
        lock.lock();
        try {
            int rc = pinRange(ref, offset, byteLength, false);
            if (rc != GNTST_OKAY) {
                return rc;
            }
            try {
                MemorySegment.copy(memory.segment(), place(ref, offset), to, toOffset, byteLength);
            } finally {
                active.unpin(ref, false);
            }
            return GNTST_OKAY;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int copyTo(int ref, int offset, MemorySegment from, long fromOffset, int byteLength) {
        lock.lock();
        try {
            int rc = pinRange(ref, offset, byteLength, true);
            if (rc != GNTST_OKAY) {
                return rc;
            }
            try {
                MemorySegment.copy(from, fromOffset, memory.segment(), place(ref, offset), byteLength);
            } finally {
                active.unpin(ref, true);
            }
            return GNTST_OKAY;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            for (int handle = 0; handle < track.end(); handle++) {
                if (track.flags(handle) != 0) {
                    drop(handle, track.flags(handle));
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Pins the entry and checks that it grants the range; if not, it is not pinned.
    private int pinRange(int ref, int offset, int byteLength, boolean writable) {
        if (offset < 0 || byteLength < 0 || (long) offset + byteLength > MachineMemory.PAGE_SIZE) {
            return GNTST_BAD_COPY_ARG;
        }
        int rc = pin(ref, writable, false);
        if (rc == GNTST_OKAY && (offset < active.partStart() || offset + byteLength > active.partEnd())) {
            active.unpin(ref, writable);
            return GNTST_GENERAL_ERROR;
        }
        return rc;
    }

    private int pin(int ref, boolean writable, boolean mapping) {
        if (closed) {
            return GNTST_BAD_DOMAIN;
        }
        int rc = active.pin(ref, DOMID_0, writable, mapping);
        if (rc == GrantTable.RETRY) {
            commitSoon.run();
            return GNTST_EAGAIN;
        }
        return rc;
    }

    private long place(int ref, int offset) {
        return MachineMemory.offset(active.mfn(ref) << MachineMemory.PAGE_SHIFT) + offset;
    }

    private int flags(int handle) {
        int flags = track.flags(handle);
        if (flags == 0) {
            throw new IllegalStateException("handle=" + handle + " is not mapped");
        }
        return flags;
    }

    private void drop(int handle, int flags) {
        active.unpin(track.ref(handle), (flags & GNTMAP_READONLY) == 0);
        track.drop(handle, flags);
    }
}
