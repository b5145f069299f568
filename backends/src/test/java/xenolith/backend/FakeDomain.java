package xenolith.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// A domain without a machine: pages that the test grants by number, and event channels that it makes.
public final class FakeDomain implements DeviceAccess {
    private static final int PAGE = 4096;
    private final Map<Integer, Grant> granted = new HashMap<>();
    private final Map<Integer, FakePort> ports = new HashMap<>();
    private final Supplier<MemorySegment> pages;
    private final AtomicInteger working = new AtomicInteger();
    private final AtomicInteger workBegun = new AtomicInteger();
    private final List<IntSupplier> workingElsewhere = new CopyOnWriteArrayList<>();
    private int mapped;
    private int mapCalls;
    private int busyFor;

    private record Grant(MemorySegment page, boolean readOnly) {
    }

    public FakeDomain() {
        this(() -> Arena.ofAuto().allocate(PAGE, PAGE));
    }

    /// @param pages makes pages of 4096 bytes, all zero
    public FakeDomain(Supplier<MemorySegment> pages) {
        this.pages = pages;
    }

    public synchronized MemorySegment grant(int ref, boolean readOnly) {
        MemorySegment page = pages.get();
        granted.put(ref, new Grant(page, readOnly));
        return page;
    }

    public synchronized void revoke(int ref) {
        granted.remove(ref);
    }

    /// How many of those are still to come.
    public synchronized int busyFor() {
        return busyFor;
    }

    /// The next so many mappings and copies meet a page that was a page table a moment ago.
    public synchronized void busyFor(int attempts) {
        busyFor = attempts;
    }

    public synchronized FakePort port(int number) {
        return ports.computeIfAbsent(number, _ -> new FakePort());
    }

    /// Pages mapped now.
    public synchronized int mapped() {
        return mapped;
    }

    /// Attempts to map a page so far.
    public synchronized int mapCalls() {
        return mapCalls;
    }

    @Override
    public Optional<EventPort> bind(int guestPort) {
        synchronized (this) {
            return Optional.ofNullable(ports.get(guestPort));
        }
    }

    /// Threads that say that they work.
    public int working() {
        return working.get() + workingElsewhere.stream().mapToInt(IntSupplier::getAsInt).sum();
    }

    @Override
    public Runnable workingElsewhere(IntSupplier threads) {
        workingElsewhere.add(threads);
        return () -> workingElsewhere.remove(threads);
    }

    /// How often a thread said that it begins.
    public int workBegun() {
        return workBegun.get();
    }

    /// Processes that say how many of their threads work.
    public int workplaces() {
        return workingElsewhere.size();
    }

    @Override
    public void working(boolean begins) {
        working.addAndGet(begins ? 1 : -1);
        workBegun.addAndGet(begins ? 1 : 0);
    }

    @Override
    public GrantAccess grants() {
        return new Grants();
    }

    private synchronized int check(int ref, boolean writable) {
        if (busyFor > 0) {
            busyFor--;
            return XenGrantTable.GNTST_EAGAIN;
        }
        Grant grant = granted.get(ref);
        if (grant == null) {
            return XenGrantTable.GNTST_BAD_GNTREF;
        }
        return grant.readOnly() && writable ? XenGrantTable.GNTST_GENERAL_ERROR : XenGrantTable.GNTST_OKAY;
    }

    private final class Grants implements GrantAccess {
        private final List<MemorySegment> handles = new ArrayList<>();
        private int inUse;

        @Override
        public int map(int ref, boolean writable) {
            synchronized (FakeDomain.this) {
                mapCalls++;
                int rc = inUse == MOST_MAPPED ? XenGrantTable.GNTST_NO_DEVICE_SPACE : check(ref, writable);
                if (rc != XenGrantTable.GNTST_OKAY) {
                    return rc;
                }
                inUse++;
                MemorySegment page = granted.get(ref).page();
                handles.add(writable ? page : page.asReadOnly());
                mapped++;
                return handles.size() - 1;
            }
        }

        @Override
        public MemorySegment page(int handle) {
            return mappedAt(handle);
        }

        @Override
        public void unmap(int handle) {
            mappedAt(handle);
            synchronized (FakeDomain.this) {
                handles.set(handle, null);
                inUse--;
                mapped--;
            }
        }

        private MemorySegment mappedAt(int handle) {
            synchronized (FakeDomain.this) {
                MemorySegment page = handles.get(handle);
                if (page == null) {
                    throw new IllegalStateException("handle=" + handle + " is not mapped");
                }
                return page;
            }
        }

        @Override
        public int copyFrom(int ref, int offset, MemorySegment to, long toOffset, int byteLength) {
            synchronized (FakeDomain.this) {
                int rc = check(ref, false);
                if (rc == XenGrantTable.GNTST_OKAY) {
                    MemorySegment.copy(granted.get(ref).page(), offset, to, toOffset, byteLength);
                }
                return rc;
            }
        }

        @Override
        public int copyTo(int ref, int offset, MemorySegment from, long fromOffset, int byteLength) {
            synchronized (FakeDomain.this) {
                int rc = check(ref, true);
                if (rc == XenGrantTable.GNTST_OKAY) {
                    MemorySegment.copy(from, fromOffset, granted.get(ref).page(), offset, byteLength);
                }
                return rc;
            }
        }

        @Override
        public void close() {
            for (int handle = 0; handle < handles.size(); handle++) {
                if (handles.get(handle) != null) {
                    unmap(handle);
                }
            }
        }
    }
}
