package xenolith.backend.net;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.NetifCtrl;
import xenolith.abi.io.RequestRing;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceNodes;
import xenolith.backend.Endings;
import xenolith.backend.FrontendException;
import xenolith.backend.PatientGrants;
import xenolith.backend.Rings;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// A network interface of a domain: what it offers its frontend, and the queues of a connection.
public final class NetBackend implements DeviceDriver, AutoCloseable {
    private static final long MAX_U32 = 0xFFFF_FFFFL;

    private final DeviceAccess domain;
    private final Vif vif;
    private final List<NetWorker> workers;
    private final int maxQueues;
    private final Rings rings;
    private final List<NetCounters> queueCounters = new ArrayList<>();
    private final List<NetQueue> queues = new ArrayList<>();
    private ControlRing control;

    /// @param link    ours from now on: [#close] closes it
    /// @param credit  how much the guest may send
    /// @param workers who serves its queues, one after the other; of as many as there are the frontend may have queues
    public NetBackend(DeviceAccess domain, FrameLink link, FrameFilter filter, Credit credit, List<NetWorker> workers) {
        this(domain, link, filter, credit, workers, Rings.PLAIN);
    }

    /// Likewise, with other rings: for what remembers elsewhere what it has taken out of them.
    public NetBackend(DeviceAccess domain, FrameLink link, FrameFilter filter, Credit credit, List<NetWorker> workers,
            Rings rings) {
        this.domain = domain;
        this.rings = rings;
        this.vif = new Vif(link, filter, credit);
        this.workers = List.copyOf(workers);
        this.maxQueues = Math.min(workers.size(), link.maxQueues());
        for (int i = 0; i < maxQueues; i++) {
            queueCounters.add(new NetCounters());
        }
    }

    @Override
    public void offer(DeviceNodes nodes) {
        int offloads = vif.takesOffloads() ? 1 : 0;
        nodes.write("feature-rx-copy", 1);
        nodes.write("feature-rx-flip", 0);
        nodes.write("feature-sg", 1);
        nodes.write("feature-gso-tcpv4", offloads);
        nodes.write("feature-gso-tcpv6", offloads);
        // Where the link takes no unfinished checksum it is computed here.
        nodes.write("feature-ipv6-csum-offload", 1);
        nodes.write("feature-multicast-control", keepsState() ? 1 : 0);
        nodes.write("feature-ctrl-ring", keepsState() ? 1 : 0);
        nodes.write("feature-split-event-channels", 1);
        nodes.write("multi-queue-max-queues", maxQueues);
    }

    /// Whether what a frontend has asked for once is known to who serves it later: another process would know of the rings
    /// alone.
    private boolean keepsState() {
        return rings == Rings.PLAIN;
    }

    @Override
    public void connect(DeviceNodes nodes, Consumer<String> onFault) throws FrontendException {
        if (!GuestFeatures.isSet(nodes, "request-rx-copy")) {
            throw new FrontendException("'request-rx-copy' is not set: pages are not flipped");
        }
        int queueCount = nodes.readNumber("multi-queue-num-queues", 1, maxQueues).orElse(1L).intValue();
        GuestFeatures guest = GuestFeatures.read(nodes);
        vif.link().guestTakes(guest.checksumIpv4() && guest.checksumIpv6(), guest.gsoTcpv4(), guest.gsoTcpv6());
        vif.connected(keepsState() && GuestFeatures.isSet(nodes, "request-multicast-control"));
        RxRing[] rxRings = new RxRing[queueCount];
        try {
            for (int i = 0; i < queueCount; i++) {
                queues.add(queue(i, rxRings, nodes, queueCount == 1 ? "" : "queue-" + i + '/', guest, onFault));
            }
            control = control(nodes, queueCount, onFault);
        } catch (FrontendException | RuntimeException e) {
            disconnect();
            throw e;
        }
        for (int i = 0; i < queueCount; i++) {
            workers.get(i).add(queues.get(i));
        }
        if (control != null) {
            control.start();
        }
    }

    private NetQueue queue(int index, RxRing[] rxRings, DeviceNodes nodes, String prefix, GuestFeatures guest,
            Consumer<String> onFault) throws FrontendException {
        GrantAccess grants = domain.grants();
        List<EventPort> ports = new ArrayList<>();
        FramePort link = null;
        try {
            RequestRing txRing = rings.attach(2 * index, Netif.TX, ringPage(grants, nodes, prefix + "tx-ring-ref"));
            RequestRing rxRing = rings.attach(2 * index + 1, Netif.RX, ringPage(grants, nodes, prefix + "rx-ring-ref"));
            boolean split = nodes.read(prefix + "event-channel-tx").isPresent();
            ports.add(port(nodes, prefix + (split ? "event-channel-tx" : "event-channel")));
            if (split) {
                ports.add(port(nodes, prefix + "event-channel-rx"));
            }
            link = vif.link().open(index);
            NetCounters counter = queueCounters.get(index);
            rxRings[index] = new RxRing(rxRing, ports.getLast(), grants, counter);
            RxPath rx = new RxPath(index, rxRings, link, vif, guest, counter);
            rx.dropStale();
            TxPath tx = new TxPath(txRing, ports.getFirst(), grants, link, vif, counter);
            return new NetQueue(tx, rx, link, grants, ports.getFirst(), ports.getLast(), counter, onFault);
        } catch (FrontendException | RuntimeException e) {
            ports.forEach(EventPort::close);
            grants.close();
            if (link != null) {
                link.close();
            }
            throw e;
        }
    }

    /// Null if the frontend has none.
    private ControlRing control(DeviceNodes nodes, int queueCount, Consumer<String> onFault) throws FrontendException {
        if (!keepsState() || nodes.read("ctrl-ring-ref").isEmpty()) {
            return null;
        }
        GrantAccess grants = domain.grants();
        EventPort port = null;
        try {
            BackRing ring = BackRing.attach(NetifCtrl.RING, ringPage(grants, nodes, "ctrl-ring-ref"));
            port = port(nodes, "event-channel-ctrl");
            return new ControlRing("net-control", ring, port, grants, vif.hash(), queueCount, onFault);
        } catch (FrontendException | RuntimeException e) {
            if (port != null) {
                port.close();
            }
            grants.close();
            throw e;
        }
    }

    private static MemorySegment ringPage(GrantAccess grants, DeviceNodes nodes, String node) throws FrontendException {
        int handle = PatientGrants.map(grants, (int) nodes.require(node, 0, MAX_U32), true);
        if (handle < 0) {
            throw new FrontendException("'" + node + "' is no page that is granted to us: GNTST " + handle);
        }
        return grants.page(handle);
    }

    private EventPort port(DeviceNodes nodes, String node) throws FrontendException {
        return domain.bind((int) nodes.require(node, 1, Integer.MAX_VALUE))
                .orElseThrow(() -> new FrontendException("'" + node + "' is no port that waits for us"));
    }

    @Override
    public void disconnect() {
        // First none is served any more: a queue may put frames into another's ring.
        for (int i = 0; i < queues.size(); i++) {
            workers.get(i).remove(queues.get(i));
        }
        List<Runnable> closes = new ArrayList<>();
        queues.forEach(queue -> closes.add(queue::close));
        queues.clear();
        if (control != null) {
            closes.add(control::close);
            control = null;
        }
        Endings.runAll(closes);
    }

    /// Of all its queues. *Tx* is what the guest sent.
    @Override
    public Map<String, Long> counters() {
        Map<String, Long> sums = new LinkedHashMap<>();
        queueCounters.forEach(counter -> counter.addTo(sums));
        return sums;
    }

    /// Closes the link. The device is disconnected by then.
    @Override
    public void close() {
        vif.link().close();
    }
}
