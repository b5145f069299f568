package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.ExtraInfo;
import xenolith.abi.io.Netif.RxRequest;
import xenolith.abi.io.Netif.RxResponse;
import xenolith.abi.io.Netif.TxRequest;
import xenolith.abi.io.Netif.TxResponse;
import xenolith.backend.DeviceId;
import xenolith.backend.Eventually;
import xenolith.backend.FakeDomain;
import xenolith.backend.FakeFrontend;
import xenolith.backend.FakePort;
import xenolith.backend.XenbusBackend;

/// A guest with a network interface, played by a test: its store nodes, its rings, its packets.
final class NetFrontend implements AutoCloseable {
    static final int TX_REF = 100;
    static final int RX_REF = 101;
    static final int TX_PORT = 5;
    static final int RX_PORT = 6;
    /// Pages posted for receiving are granted by this number and those behind it.
    static final int FIRST_RX_PAGE = 1000;

    /// A response to a transmit slot.
    record Answer(int id, int status) {
    }

    /// A slot of the receive ring that was answered.
    record Received(int id, int flags, int status) {
    }

    final FakeDomain domain = new FakeDomain();
    final FakeFrontend xenbus;
    final FakeLink link;
    final NetBackend driver;
    final XenbusBackend backend;
    private final NetWorker worker;
    private final boolean ownsWorker;
    private final MemorySegment slot = Arena.ofAuto().allocate(16, 8);
    MemorySegment txPage;
    MemorySegment rxPage;
    FrontRing tx;
    FrontRing rx;
    FakePort txPort;
    FakePort rxPort;
    private final List<MemorySegment> rxPages = new ArrayList<>();

    NetFrontend(FakeLink link, FrameFilter filter, Credit credit) {
        this(link, filter, credit, null, true);
    }

    /// An interface that is served together with others.
    static NetFrontend servedBy(NetWorker worker) {
        return new NetFrontend(new FakeLink(), new OpenFilter(), Credit.unlimited(), worker, false);
    }

    private NetFrontend(FakeLink link, FrameFilter filter, Credit credit, NetWorker worker, boolean ownsWorker) {
        this.worker = ownsWorker ? new NetWorker("net-test", domain) : worker;
        this.ownsWorker = ownsWorker;
        DeviceId device = new DeviceId(FakeFrontend.DOMID, "vif", 0);
        this.link = link;
        xenbus = new FakeFrontend(device);
        driver = new NetBackend(domain, link, filter, credit, List.of(this.worker));
        backend = new XenbusBackend(xenbus.toolstack, device, driver);
        backend.start();
    }

    static NetFrontend plain() {
        return new NetFrontend(new FakeLink(), new OpenFilter(), Credit.unlimited());
    }

    /// Makes rings and names them in the store, with all that Linux's frontend can do.
    NetFrontend rings() {
        txPage = domain.grant(TX_REF, false);
        rxPage = domain.grant(RX_REF, false);
        tx = new FrontRing(0, Netif.TX, txPage);
        rx = new FrontRing(0, Netif.RX, rxPage);
        txPort = domain.port(TX_PORT);
        rxPort = domain.port(RX_PORT);
        xenbus.write("tx-ring-ref", TX_REF).write("rx-ring-ref", RX_REF).write("event-channel-tx", TX_PORT)
                .write("event-channel-rx", RX_PORT).write("request-rx-copy", 1).write("feature-rx-notify", 1)
                .write("feature-sg", 1).write("feature-gso-tcpv4", 1).write("feature-gso-tcpv6", 1)
                .write("feature-ipv6-csum-offload", 1);
        return this;
    }

    NetFrontend connect() {
        rings();
        xenbus.connect();
        return this;
    }

    /// Puts a slot of a packet into the ring, not yet seen by the backend.
    NetFrontend slot(int ref, int offset, int size, int flags, int id) {
        slot.fill((byte) 0);
        TxRequest.gref(slot, 0, ref);
        TxRequest.offset(slot, 0, offset);
        TxRequest.size(slot, 0, size);
        TxRequest.flags(slot, 0, flags);
        TxRequest.id(slot, 0, id);
        tx.put(slot, 0);
        return this;
    }

    NetFrontend gso(int type, int size, int flags) {
        return extra(Netif.XEN_NETIF_EXTRA_TYPE_GSO, flags, size, type);
    }

    NetFrontend extra(int type, int flags, int gsoSize, int gsoType) {
        slot.fill((byte) 0);
        ExtraInfo.type(slot, 0, type);
        ExtraInfo.flags(slot, 0, flags);
        ExtraInfo.gsoSize(slot, 0, gsoSize);
        ExtraInfo.gsoType(slot, 0, gsoType);
        tx.put(slot, 0);
        return this;
    }

    NetFrontend group(int type, long mac) {
        slot.fill((byte) 0);
        ExtraInfo.type(slot, 0, type);
        for (int i = 0; i < 6; i++) {
            ExtraInfo.addr(slot, 0, i, (int) (mac >> 40 - 8 * i) & 0xFF);
        }
        tx.put(slot, 0);
        return this;
    }

    /// Publishes the slots and waits for the answers to all of them.
    List<Answer> send(int slotCount) {
        publish();
        List<Answer> answers = new ArrayList<>();
        while (answers.size() < slotCount) {
            Eventually.is(true, () -> tx.finalCheck() != 0);
            assertThat(tx.waiting()).isPositive();
            tx.take(slot, 0);
            answers.add(new Answer(TxResponse.id(slot, 0), TxResponse.status(slot, 0)));
        }
        return answers;
    }

    void publish() {
        if (tx.push()) {
            txPort.send();
        }
    }

    /// A page granted for reading that holds `bytes`.
    void page(int ref, int offset, byte[] bytes) {
        MemorySegment page = domain.grant(ref, true);
        MemorySegment.copy(bytes, 0, page, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    /// Posts so many pages more for receiving.
    void post(int count) {
        for (int i = 0; i < count; i++) {
            int number = rxPages.size();
            rxPages.add(domain.grant(FIRST_RX_PAGE + number, false));
            post(number, FIRST_RX_PAGE + number);
        }
        publishRx();
    }

    void post(int id, int ref) {
        slot.fill((byte) 0);
        RxRequest.id(slot, 0, id);
        RxRequest.gref(slot, 0, ref);
        rx.put(slot, 0);
    }

    void publishRx() {
        if (rx.push()) {
            rxPort.send();
        }
    }

    /// Waits for the next slot of the receive ring.
    Received receive() {
        Eventually.is(true, () -> rx.finalCheck() != 0);
        rx.take(slot, 0);
        return new Received(RxResponse.id(slot, 0), RxResponse.flags(slot, 0), RxResponse.status(slot, 0));
    }

    /// Likewise, of a slot that says how to cut: type, size and kind.
    int[] receiveExtra() {
        Eventually.is(true, () -> rx.finalCheck() != 0);
        rx.take(slot, 0);
        return new int[] {ExtraInfo.type(slot, 0), ExtraInfo.gsoSize(slot, 0), ExtraInfo.gsoType(slot, 0)};
    }

    /// Likewise, of a slot that holds a hash: its type, the algorithm and the hash.
    int[] receiveHash() {
        assertThat(receiveExtra()[0]).isEqualTo(Netif.XEN_NETIF_EXTRA_TYPE_HASH);
        int hash = 0;
        for (int i = 0; i < 4; i++) {
            hash |= ExtraInfo.value(slot, 0, i) << 8 * i;
        }
        return new int[] {ExtraInfo.hashType(slot, 0), ExtraInfo.algorithm(slot, 0), hash};
    }

    byte[] posted(int number, int byteLength) {
        return rxPages.get(number).asSlice(0, byteLength).toArray(ValueLayout.JAVA_BYTE);
    }

    long count(String name) {
        return driver.counters().get(name);
    }

    @Override
    public void close() {
        backend.close();
        driver.close();
        if (ownsWorker) {
            worker.close();
        }
        xenbus.close();
        assertThat(domain.mapped()).as("pages that stay mapped").isZero();
        assertThat(link.openPorts).as("ports that stay open").isZero();
    }
}
