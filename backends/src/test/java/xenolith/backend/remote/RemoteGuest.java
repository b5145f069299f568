package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.FrontRing;
import xenolith.backend.DeviceId;
import xenolith.backend.Eventually;
import xenolith.backend.FakeDomain;
import xenolith.backend.FakeFrontend;
import xenolith.backend.FakePort;
import xenolith.backend.XenbusBackend;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.posix.Fd;
import xenolith.posix.Mapping;
import xenolith.posix.Memfd;
import xenolith.vmm.port.SharedMemory;

/// A guest without a machine, in a memfd, whose disk is served by processes that the test provides.
final class RemoteGuest implements AutoCloseable, BackendSource {
    static final int PORT = 5;
    private static final int RING_REF = 100;
    private static final int PAGE = 4096;
    private static final int PAGES = 256;
    static final int SECTORS_APART = 64;

    private final Fd memfd = Memfd.create("guest", (long) PAGES * PAGE);
    private final Mapping mapping = Mapping.shared(memfd, 0, (long) PAGES * PAGE, true);
    private final AtomicInteger used = new AtomicInteger();
    final FakeDomain domain = new FakeDomain(this::page);
    final FakeFrontend xenbus;
    final XenbusBackend backend;
    final RemoteDriver driver;
    private final Deque<FakeProcess> processes = new ArrayDeque<>();
    private final boolean isOurs;
    private final MemorySegment request = Arena.ofAuto().allocate(Blkif.Request.SIZEOF, 8);
    private final MemorySegment response = Arena.ofAuto().allocate(Blkif.Response.SIZEOF, 8);
    private FrontRing ring;
    FakePort port;
    /// Held while a process takes its time to start.
    final ReentrantLock starting = new ReentrantLock();

    /// @param absence how long requests wait for a process
    /// @param standIn null for one that cannot be made
    RemoteGuest(boolean isOurs, Duration absence, DiskImage standIn, FakeProcess first)
            throws UnreachableException {
        this.isOurs = isOurs;
        DeviceId id = new DeviceId(FakeFrontend.DOMID, "vbd", 51712);
        xenbus = new FakeFrontend(id);
        processes.add(first);
        driver = new RemoteDriver("test", "vbd", this, domain, new Memory(), 2,
                (access, rings, queues, _) -> {
                    if (standIn == null) {
                        throw new IllegalStateException("no stand-in, on purpose");
                    }
                    return new BlkBackend("stand-in", standIn, access, queues, rings);
                },
                new Patience(Duration.ofSeconds(10), absence, Duration.ofSeconds(2)));
        driver.start();
        backend = new XenbusBackend(xenbus.toolstack, id, driver);
        backend.start();
    }

    private final class Memory implements SharedMemory {
        @Override
        public int descriptor() {
            return memfd.raw();
        }

        @Override
        public long byteLength() {
            return mapping.segment().byteSize();
        }

        @Override
        public long offsetOf(MemorySegment page) {
            return page.address() - mapping.address();
        }
    }

    private MemorySegment page() {
        return mapping.segment().asSlice((long) used.getAndIncrement() * PAGE, PAGE);
    }

    void provide(FakeProcess process) {
        synchronized (processes) {
            processes.add(process);
        }
    }

    @Override
    public Peer connect() throws UnreachableException {
        FakeProcess process;
        synchronized (processes) {
            process = processes.poll();
        }
        if (process == null) {
            throw new UnreachableException("there is none in this test");
        }
        starting.lock();
        try {
            return process.peer();
        } finally {
            starting.unlock();
        }
    }

    @Override
    public boolean isOurs() {
        return isOurs;
    }

    RemoteGuest connectFrontend() {
        MemorySegment page = domain.grant(RING_REF, false);
        ring = new FrontRing(0, Blkif.RING, page);
        port = domain.port(PORT);
        xenbus.write("ring-ref", RING_REF).write("event-channel", PORT).connect();
        return this;
    }

    /// Sends a request for a page, at a place of its own: those beside each other are done as one.
    void send(long id, int operation, int ref) {
        request.fill((byte) 0);
        Blkif.Request.operation(request, 0, operation);
        Blkif.Request.id(request, 0, id);
        Blkif.Request.sectorNumber(request, 0, SECTORS_APART * id);
        Blkif.Request.nrSegments(request, 0, 1);
        long at = Blkif.Request.SEG_OFFSET;
        Blkif.Segment.gref(request, at, ref);
        Blkif.Segment.lastSect(request, at, 7);
        ring.put(request, 0);
        if (ring.push()) {
            port.send();
        }
    }

    /// Waits for the response to `id`, the next one, and returns its status.
    int answer(long id) {
        Eventually.is(true, () -> ring.finalCheck() != 0);
        assertThat(ring.waiting()).isPositive();
        ring.take(response, 0);
        assertThat(Blkif.Response.id(response, 0)).isEqualTo(id);
        return Blkif.Response.status(response, 0);
    }

    int waitingAnswers() {
        return ring.waiting();
    }

    @Override
    public void close() {
        driver.domainGone();
        backend.close();
        driver.close();
        xenbus.close();
        assertThat(domain.mapped()).as("pages that stay mapped").isZero();
        Eventually.is(0, domain::workplaces);
        mapping.close();
        memfd.close();
    }
}
