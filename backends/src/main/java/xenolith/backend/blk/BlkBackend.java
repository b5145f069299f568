package xenolith.backend.blk;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.IoProtocol;
import xenolith.abi.io.RequestRing;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceNodes;
import xenolith.backend.Endings;
import xenolith.backend.FrontendException;
import xenolith.backend.GrantPatience;
import xenolith.backend.PatientGrants;
import xenolith.backend.Rings;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.HostTransfers;
import xenolith.backend.image.TransferQueue;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// A disk of a domain: what it offers its frontend, and the queues of a connection.
public final class BlkBackend implements DeviceDriver, AutoCloseable {
    private static final Logger LOG = System.getLogger(BlkBackend.class.getName());
    /// Rings of up to 16 pages: 512 requests.
    private static final int MAX_RING_PAGE_ORDER = 4;
    private static final long MAX_U32 = 0xFFFF_FFFFL;

    private final String name;
    private final DiskImage image;
    private final DeviceAccess domain;
    private final int maxQueues;
    private final Rings rings;
    private final Supplier<TransferQueue> transferQueues;
    private final BlkCounters counters = new BlkCounters();
    private final BlkLimit limit = new BlkLimit();
    private final List<BlkQueue> queues = new ArrayList<>();

    /// A disk whose guest does not outlive this process.
    ///
    /// @param name      for the names of threads
    /// @param maxQueues how many rings a frontend may use
    public BlkBackend(String name, DiskImage image, DeviceAccess domain, int maxQueues) {
        this(name, image, domain, maxQueues, Rings.PLAIN, () -> new HostTransfers(BlkRuns.MOST_REQUESTS));
    }

    /// A disk whose guest may outlive this process. Each run is done before the next is begun, and nothing is left under way
    /// at the host: what it goes on with after a process's end could be written into a page that is no request's any more.
    ///
    /// @param rings makes our half of a queue's ring
    public BlkBackend(String name, DiskImage image, DeviceAccess domain, int maxQueues, Rings rings) {
        this(name, image, domain, maxQueues, rings, () -> TransferQueue.NONE);
    }

    /// @param transferQueues makes what a queue's transfers are under way in
    BlkBackend(String name, DiskImage image, DeviceAccess domain, int maxQueues, Rings rings,
            Supplier<TransferQueue> transferQueues) {
        this.rings = rings;
        this.transferQueues = transferQueues;
        this.name = name;
        this.image = image;
        this.domain = domain;
        this.maxQueues = maxQueues;
    }

    /// How much it may do, of all its connections: without a limit at first.
    public BlkLimit limit() {
        return limit;
    }

    @Override
    public Map<String, Long> counters() {
        return counters.byName();
    }

    @Override
    public void offer(DeviceNodes nodes) {
        // Who made our directory need not have seen the image.
        nodes.write("mode", image.isReadOnly() ? "r" : "w");
        nodes.write("max-ring-page-order", MAX_RING_PAGE_ORDER);
        nodes.write("multi-queue-max-queues", maxQueues);
        nodes.write("feature-max-indirect-segments", BlkRequest.MAX_SEGMENTS);
        nodes.write("feature-persistent", 1);
        nodes.write("feature-flush-cache", 1);
        nodes.write("feature-barrier", 1);
        if (image.canDiscard()) {
            nodes.write("feature-discard", 1);
            nodes.write("discard-granularity", image.discardGranularity());
            nodes.write("discard-alignment", 0);
            nodes.write("discard-secure", 0);
        }
    }

    @Override
    public void connect(DeviceNodes nodes, Consumer<String> onFault) throws FrontendException {
        String protocol = nodes.read("protocol").orElse(IoProtocol.XEN_IO_PROTO_ABI_NATIVE);
        if (!protocol.equals(IoProtocol.XEN_IO_PROTO_ABI_NATIVE)) {
            throw new FrontendException("requests of another format than " + IoProtocol.XEN_IO_PROTO_ABI_NATIVE);
        }
        int queueCount = nodes.readNumber("multi-queue-num-queues", 1, maxQueues).orElse(1L).intValue();
        int order = nodes.readNumber("ring-page-order", 0, MAX_RING_PAGE_ORDER).orElse(0L).intValue();
        boolean persistent = nodes.read("feature-persistent").filter("1"::equals).isPresent();
        try {
            for (int i = 0; i < queueCount; i++) {
                String prefix = queueCount == 1 ? "" : "queue-" + i + '/';
                queues.add(queue(i, nodes, prefix, order, persistent, onFault));
            }
        } catch (FrontendException | RuntimeException e) {
            disconnect();
            throw e;
        }
        if (mayCountOtherwise(nodes, image.logicalSectorBytes())) {
            LOG.log(Level.WARNING, name + ": its guest may count in sectors of " + image.logicalSectorBytes()
                    + " bytes, and would read and write the wrong ones: they are counted in " + DiskImage.SECTOR_BYTES);
        }
        nodes.write("sectors", image.sectorCount());
        nodes.write("sector-size", image.logicalSectorBytes());
        nodes.write("physical-sector-size", image.physicalSectorBytes());
        nodes.write("info", image.isReadOnly() ? Blkif.VDISK_READONLY : 0);
        queues.forEach(BlkQueue::start);
    }

    /// Some versions of blkif.h would have a frontend that says `feature-large-sector-size` count in sectors of
    /// `sector-size`; later ones take that back, and everything counts in 512 bytes, as it always has in Linux.
    static boolean mayCountOtherwise(DeviceNodes nodes, int sectorBytes) {
        return sectorBytes > DiskImage.SECTOR_BYTES
                && nodes.read("feature-large-sector-size").filter("1"::equals).isPresent();
    }

    private BlkQueue queue(int number, DeviceNodes nodes, String prefix, int order, boolean persistent,
            Consumer<String> onFault) throws FrontendException {
        GrantAccess grants = domain.grants();
        EventPort port = null;
        TransferQueue transfers = null;
        try {
            RequestRing ring = rings.attach(number, Blkif.RING, ringPages(nodes, prefix, order, grants));
            port = domain.bind((int) nodes.require(prefix + "event-channel", 1, Integer.MAX_VALUE))
                    .orElseThrow(() -> new FrontendException("'event-channel' is no port that waits for us"));
            transfers = transferQueues.get();
            BlkRuns runs = new BlkRuns(image, new GrantedPages(grants, persistent), transfers, counters);
            return new BlkQueue(name + '-' + number, domain, grants, ring, port, runs, transfers, counters, limit, onFault);
        } catch (FrontendException | RuntimeException e) {
            if (port != null) {
                port.close();
            }
            if (transfers != null) {
                transfers.close();
            }
            grants.close();
            throw e;
        }
    }

    /// A ring of one page has one `ring-ref`, a larger one `ring-ref0` and so on. So has a ring of one page where the
    /// frontend says that this is its size: Linux's backend asks for it, blkif.h for `ring-ref`. Without `ring-page-order` a
    /// `ring-ref0` is what somebody has left who ran before.
    private static MemorySegment[] ringPages(DeviceNodes nodes, String prefix, int order, GrantAccess grants)
            throws FrontendException {
        MemorySegment[] pages = new MemorySegment[1 << order];
        boolean numbered = order > 0
                || nodes.read("ring-page-order").isPresent() && nodes.read(prefix + "ring-ref0").isPresent();
        GrantPatience patience = GrantPatience.forSeconds();
        for (int i = 0; i < pages.length; i++) {
            String node = prefix + "ring-ref" + (numbered ? i : "");
            int handle = PatientGrants.map(grants, (int) nodes.require(node, 0, MAX_U32), true, patience);
            if (handle < 0) {
                throw new FrontendException("'" + node + "' is no page that is granted to us: GNTST " + handle);
            }
            pages[i] = grants.page(handle);
        }
        return pages;
    }

    @Override
    public void describe(DeviceNodes nodes) {
        nodes.write("sectors", image.measure());
    }

    /// All queues are stopped, whatever becomes of one.
    @Override
    public void disconnect() {
        List<Runnable> stops = queues.stream().<Runnable>map(queue -> queue::stop).toList();
        queues.clear();
        Endings.runAll(stops);
    }

    /// Closes the image. The device is disconnected by then.
    @Override
    public void close() {
        image.close();
    }
}
