package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.NetifCtrl;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;
import xenolith.backend.FakeDomain;
import xenolith.backend.FakePort;
import xenolith.backend.net.NetFrontend.Answer;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// What a worker does for several queues.
@Timeout(60)
class WorkerTest {
    @Test
    void anInterfaceThatIsNeverDoneLeavesTheOthersTheirTurn() {
        try (NetWorker worker = new NetWorker("net-test", new FakeDomain()); NetFrontend busy = NetFrontend.servedBy(worker);
                NetFrontend other = NetFrontend.servedBy(worker)) {
            busy.connect().post(1);
            other.connect();
            busy.link.endless = true;
            busy.link.give(new byte[11]);
            Eventually.is(true, () -> busy.count("rx_dropped") > 1000);
            for (int i = 0; i < 100; i++) {
                other.page(7, 0, Packets.raw(100, i));
                other.slot(7, 0, 100, 0, i);
                assertThat(other.send(1)).containsExactly(new Answer(i, Netif.NETIF_RSP_OKAY));
            }
            busy.page(7, 0, Packets.raw(100, 1));
            busy.slot(7, 0, 100, 0, 1);
            assertThat(busy.send(1)).as("its other direction").containsExactly(new Answer(1, Netif.NETIF_RSP_OKAY));
        }
    }

    /// Whatever goes wrong with one interface, its guest is told, and the others are served.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anErrorOfOneInterfaceIsNotTheOthers(boolean inReceive) {
        FakeDomain domain = new FakeDomain();
        try (NetWorker worker = new NetWorker("net-test", domain); NetFrontend bad = NetFrontend.servedBy(worker);
                NetFrontend other = NetFrontend.servedBy(worker)) {
            bad.connect();
            other.connect().post(1);
            Error error = new OutOfMemoryError("of a test");
            bad.link.inReceive = inReceive ? error : null;
            bad.link.inDescriptor = inReceive ? null : error;
            // More than it gets frames: where no page is left nobody asks for the descriptor.
            bad.post(2);
            bad.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(60, 1)));
            bad.xenbus.awaits(XenbusState.CLOSING);
            assertThat(bad.xenbus.backend("error")).isEqualTo("internal error: java.lang.OutOfMemoryError: of a test");
            other.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(60, 2)));
            assertThat(other.receive().status()).isEqualTo(60);
            Eventually.is(0, domain::working);
        }
    }

    /// Here it is the domain that cannot be told that the thread goes to sleep.
    @Test
    void whenTheThreadItselfDiesTheInterfacesAreToldAndNoWorkIsShownForEver() {
        FakeDomain domain = new FakeDomain();
        AtomicBoolean failing = new AtomicBoolean();
        try (NetWorker worker = new NetWorker("net-test", new Failing(domain, failing));
                NetFrontend one = NetFrontend.servedBy(worker); NetFrontend other = NetFrontend.servedBy(worker)) {
            one.connect();
            other.connect();
            failing.set(true);
            worker.wake();
            for (NetFrontend each : List.of(one, other)) {
                each.xenbus.awaits(XenbusState.CLOSING);
                assertThat(each.xenbus.backend("error")).contains("internal error").contains("on purpose");
            }
            Eventually.is(0, domain::working);
            one.xenbus.go(XenbusState.CLOSED);
            one.xenbus.awaits(XenbusState.CLOSED);
            one.xenbus.go(XenbusState.INITIALISING);
            one.xenbus.awaits(XenbusState.INIT_WAIT);
            one.rings().xenbus.go(XenbusState.INITIALISED);
            one.xenbus.awaits(XenbusState.CLOSING);
            assertThat(one.xenbus.backend("error")).contains("has ended").contains("on purpose");
            worker.wake();
            assertThat(domain.working()).isZero();
        }
    }

    private record Failing(FakeDomain domain, AtomicBoolean failing) implements DeviceAccess {
        @Override
        public GrantAccess grants() {
            return domain.grants();
        }

        @Override
        public Optional<EventPort> bind(int guestPort) {
            return domain.bind(guestPort);
        }

        @Override
        public void working(boolean begins) {
            domain.working(begins);
            if (!begins && failing.get()) {
                throw new IllegalStateException("on purpose");
            }
        }
    }

    @Test
    void manyInterfacesComeAndGoUnderOneWorker() {
        try (NetWorker worker = new NetWorker("net-test", new FakeDomain())) {
            for (int round = 0; round < 10; round++) {
                List<NetFrontend> all = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    all.add(NetFrontend.servedBy(worker).connect());
                }
                for (NetFrontend each : all) {
                    each.post(1);
                    each.link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.raw(60, round)));
                    assertThat(each.receive().status()).isEqualTo(60);
                }
                all.forEach(NetFrontend::close);
            }
        }
    }

    /// Two queues of one interface, of which the second gets the frames that the first one's port brings.
    @Test
    void aFrameGoesToTheQueueThatItsHashNames() throws Exception {
        FakeDomain domain = new FakeDomain();
        NetCounters counters = new NetCounters();
        RxRing[] rings = new RxRing[2];
        FrontRing[] fronts = new FrontRing[2];
        MemorySegment slot = Arena.ofAuto().allocate(16, 8);
        for (int i = 0; i < 2; i++) {
            MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
            fronts[i] = new FrontRing(0, Netif.RX, page);
            rings[i] = new RxRing(new BackRing(Netif.RX, page), new FakePort(), domain.grants(), counters);
            for (int j = 0; j < 10; j++) {
                domain.grant(10 * i + j, false);
                Netif.RxRequest.gref(slot, 0, 10 * i + j);
                fronts[i].put(slot, 0);
            }
            fronts[i].push();
        }
        FakeLink link = new FakeLink();
        Vif vif = new Vif(link, new OpenFilter(), Credit.unlimited());
        vif.hash().setAlgorithm(NetifCtrl.XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
        vif.hash().setTypes(NetHash.TYPES);
        vif.hash().setMappingSize(4);
        vif.hash().setMapping(new int[] {1, 1, 1, 1}, 0, 2);
        RxPath rx = new RxPath(0, rings, link.open(0), vif, new GuestFeatures(true, true, true, true, true, true), counters);
        byte[] frame = FakeLink.framed(0, 0, 0, 0, 0, Packets.ipv4(Packets.TCP, 100, 1));
        for (int i = 0; i < 5; i++) {
            link.give(frame);
        }
        assertThat(rx.serve(64, 1)).isEqualTo(5);
        assertThat(fronts[0].waiting()).isZero();
        assertThat(fronts[1].waiting()).as("with the hash behind each").isEqualTo(10);
        link.give(frame);
        rx.serve(64, 2);
        assertThat(counters.rxDropped).as("the other queue has no page").isOne();
        assertThat(rx.settle(2)).isFalse();
        assertThat(rx.descriptor()).isEqualTo(link.open(0).descriptor());
        link.close();
    }

    @Test
    void aNapFollowsOnlyABatch() {
        Naps naps = new Naps();
        int tried = 0;
        for (int i = 0; i < 10_000; i++) {
            tried += naps.isDue(1) ? 1 : 0;
        }
        assertThat(tried).as("one packet at a time").isBetween(10, 100);
        int taken = 0;
        for (int i = 0; i < 1000; i++) {
            taken += naps.isDue(20) ? 1 : 0;
        }
        assertThat(taken).as("batches").isGreaterThan(500);
        assertThat(naps.isDue(0)).as("nothing to do").isFalse();
    }
}
