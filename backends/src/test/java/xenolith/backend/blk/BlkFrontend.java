package xenolith.backend.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Supplier;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.FrontRing;
import xenolith.backend.DeviceId;
import xenolith.backend.Eventually;
import xenolith.backend.FakeDomain;
import xenolith.backend.FakeFrontend;
import xenolith.backend.FakePort;
import xenolith.backend.Rings;
import xenolith.backend.XenbusBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.RawImage;
import xenolith.backend.image.TransferQueue;

/// A guest with a disk, played by a test: its store nodes, its ring of one or more pages, its requests.
final class BlkFrontend implements AutoCloseable {
    static final int PORT = 5;
    static final int FIRST_RING_REF = 100;

    final FakeDomain domain = new FakeDomain();
    final FakeFrontend xenbus;
    final XenbusBackend backend;
    private final BlkBackend driver;
    private final MemorySegment request = Arena.ofAuto().allocate(Blkif.Request.SIZEOF, 8);
    private final MemorySegment response = Arena.ofAuto().allocate(Blkif.Response.SIZEOF, 8);
    MemorySegment[] pages;
    FrontRing ring;
    FakePort port;
    private long lastId = 1000;

    BlkFrontend(Path image, boolean readOnly) {
        this(RawImage.open(image, readOnly), () -> TransferQueue.NONE);
    }

    BlkFrontend(DiskImage image, Supplier<TransferQueue> transferQueues) {
        DeviceId device = new DeviceId(FakeFrontend.DOMID, "vbd", 51712);
        xenbus = new FakeFrontend(device);
        driver = new BlkBackend("test", image, domain, 2, Rings.PLAIN, transferQueues);
        backend = new XenbusBackend(xenbus.toolstack, device, driver);
        backend.start();
    }

    BlkBackend driver() {
        return driver;
    }

    /// Grants a ring of `1 << order` pages and connects.
    BlkFrontend connect(int order) {
        ring(order, "");
        if (order > 0) {
            xenbus.write("ring-page-order", order);
        }
        xenbus.connect();
        return this;
    }

    /// Makes a ring and names it in the store.
    void ring(int order, String prefix) {
        ring(order, prefix, order > 0);
    }

    /// @param numbered whether a single page has a number too
    void ring(int order, String prefix, boolean numbered) {
        pages = new MemorySegment[1 << order];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = domain.grant(FIRST_RING_REF + i, false);
            xenbus.write(prefix + "ring-ref" + (numbered ? i : ""), FIRST_RING_REF + i);
        }
        ring = new FrontRing(0, Blkif.RING, pages);
        port = domain.port(PORT);
        xenbus.write(prefix + "event-channel", PORT);
    }

    /// The next request, to be filled and sent.
    MemorySegment request(int operation, long sector) {
        request.fill((byte) 0);
        Blkif.Request.operation(request, 0, operation);
        Blkif.Request.id(request, 0, ++lastId);
        Blkif.Request.sectorNumber(request, 0, sector);
        return request;
    }

    /// A request of pages granted by `refs`, whole ones.
    MemorySegment request(int operation, long sector, int... refs) {
        request(operation, sector);
        Blkif.Request.nrSegments(request, 0, refs.length);
        for (int i = 0; i < refs.length; i++) {
            segment(i, refs[i], 0, 7);
        }
        return request;
    }

    void segment(int i, int ref, int first, int last) {
        long at = Blkif.Request.SEG_OFFSET + i * Blkif.Segment.SIZEOF;
        segment(request, at, ref, first, last);
    }

    static void segment(MemorySegment s, long at, int ref, int first, int last) {
        Blkif.Segment.gref(s, at, ref);
        Blkif.Segment.firstSect(s, at, first);
        Blkif.Segment.lastSect(s, at, last);
    }

    /// Sends the request that was filled and returns the status of its response.
    int send() {
        post();
        push();
        return answer();
    }

    void post() {
        ring.put(request, 0);
    }

    /// Waits for a response to the last request made.
    int answer() {
        Eventually.is(true, () -> ring.finalCheck() != 0);
        assertThat(ring.waiting()).isPositive();
        ring.take(response, 0);
        assertThat(Blkif.Response.id(response, 0)).isEqualTo(lastId);
        return Blkif.Response.status(response, 0);
    }

    /// The next response, if there is one: its id, or 0.
    long takeAnswer() {
        if (ring.finalCheck() == 0) {
            return 0;
        }
        ring.take(response, 0);
        return Blkif.Response.id(response, 0);
    }

    int answeredStatus() {
        return Blkif.Response.status(response, 0);
    }

    /// Publishes what was posted.
    void push() {
        if (ring.push()) {
            port.send();
        }
    }

    long lastId() {
        return lastId;
    }

    int answeredOperation() {
        return Blkif.Response.operation(response, 0);
    }

    @Override
    public void close() {
        backend.close();
        driver.close();
        xenbus.close();
        assertThat(domain.mapped()).as("pages that stay mapped").isZero();
    }
}
