package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.NetifCtrl;
import xenolith.backend.BrokenRingException;
import xenolith.backend.FakeDomain;

/// Two queues, of which one has frames for the other's ring.
class DealtFramesTest {
    private static final int REF = 50;

    private final FakeDomain domain = new FakeDomain();
    private final MemorySegment slot = Arena.ofAuto().allocate(16, 8);
    private final FakeLink link = new FakeLink();
    private final Vif vif = new Vif(link, new OpenFilter(), Credit.unlimited());
    private final NetCounters counters = new NetCounters();
    private final RxRing[] rings = new RxRing[2];
    private final FrontRing[] fronts = new FrontRing[2];
    private final RxPath[] paths = new RxPath[2];

    DealtFramesTest() {
        for (int i = 0; i < 2; i++) {
            MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
            fronts[i] = new FrontRing(0, Netif.RX, page);
            domain.port(i);
            rings[i] = new RxRing(new BackRing(Netif.RX, page), domain.bind(i).orElseThrow(), domain.grants(), counters);
        }
        for (int i = 0; i < 2; i++) {
            paths[i] = new RxPath(i, rings, link.open(i), vif, new GuestFeatures(true, true, true, true, true, true), counters);
        }
        vif.hash().setAlgorithm(NetifCtrl.XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
        vif.hash().setTypes(NetHash.TYPES);
        vif.hash().setMappingSize(1);
        vif.hash().setMapping(new int[] {1}, 0, 2);
        domain.grant(REF, false);
    }

    /// Returns whether the backend asked for an event.
    private boolean post(int queue, int count) {
        for (int i = 0; i < count; i++) {
            slot.fill((byte) 0);
            Netif.RxRequest.gref(slot, 0, REF);
            fronts[queue].put(slot, 0);
        }
        return fronts[queue].push();
    }

    @Test
    void aFrameForAnotherQueuesFullRingIsDroppedAndHoldsNobodyUp() throws BrokenRingException {
        post(0, 5);
        assertThat(paths[1].settle(1)).isFalse();
        byte[] frame = FakeLink.framed(0, 0, 0, 0, 0, Packets.ipv4(Packets.TCP, 5000, 1));
        link.give(frame);
        assertThat(paths[0].serve(64, 1)).isOne();
        assertThat(counters.rxDropped).isOne();
        assertThat(paths[0].settle(1)).isFalse();
        assertThat(paths[0].descriptor()).as("it goes on").isEqualTo(link.open(0).descriptor());
        assertThat(post(1, 1)).as("an event for the first page that the other queue waits for").isTrue();
        post(1, 2);
        link.give(frame);
        assertThat(paths[0].serve(64, 2)).isOne();
        assertThat(counters.rxFrames).isOne();
        assertThat(fronts[1].finalCheck()).isEqualTo(3);
    }

    @Test
    void aQueueWhosePagesAnotherFillsWhileItGoesToSleepIsWokenByTheNextFrame() throws BrokenRingException {
        post(0, 1);
        post(1, 3);
        assertThat(paths[1].settle(1)).isFalse();
        link.give(FakeLink.framed(0, 0, 0, 0, 0, Packets.ipv4(Packets.TCP, 5000, 1)));
        assertThat(paths[0].serve(64, 1)).isOne();
        assertThat(fronts[1].finalCheck()).isEqualTo(3);
        assertThat(paths[1].descriptor()).as("it has asked for no event").isEqualTo(link.open(1).descriptor());
        assertThat(paths[1].serve(64, 2)).isZero();
        assertThat(paths[1].settle(2)).isFalse();
        assertThat(paths[1].descriptor()).isEqualTo(-1);
        assertThat(post(1, 1)).as("now it has").isTrue();
    }
}
