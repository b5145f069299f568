package xenolith.backend.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.abi.io.Netif.TxResponse;
import xenolith.backend.BrokenRingException;
import xenolith.backend.FakeDomain;
import xenolith.backend.FakePort;

/// Whatever stands in the slots of a ring, each is answered once and in its order, or the ring is given up; nothing stays
/// mapped, and no frame leaves that is none.
class HostileSlotsTest {
    private static final int[] OFFSETS = {0, 1, 2048, 4082, 4095, 4096, 0xFFFF};
    private static final int[] SIZES = {0, 13, 14, 60, 1500, 4096, 4097, 9000, 0xFFFF};

    private final MemorySegment slot = Arena.ofAuto().allocate(12, 8);

    /// Two slots in three are plausible: wild ones alone would never get far.
    private void put(FrontRing front, int number, int seed) {
        slot.fill((byte) 0);
        if (seed % 3 == 0) {
            for (int i = 0; i < 12; i++) {
                slot.set(ValueLayout.JAVA_BYTE, i, (byte) (seed * 31 >> i));
            }
        } else {
            Netif.TxRequest.gref(slot, 0, seed % 5 == 0 ? 999 : 7);
            Netif.TxRequest.offset(slot, 0, OFFSETS[(seed >>> 4) % OFFSETS.length]);
            Netif.TxRequest.size(slot, 0, SIZES[(seed >>> 8) % SIZES.length]);
            Netif.TxRequest.flags(slot, 0, seed >>> 12 & 0xF);
        }
        Netif.TxRequest.id(slot, 0, number);
        front.put(slot, 0);
    }

    @Property(tries = 1000)
    void everySlotIsAnsweredOrTheRingIsGivenUp(
            @ForAll @Size(max = 120) List<@IntRange(min = 0) Integer> seeds) {
        FakeDomain domain = new FakeDomain();
        FakeLink link = new FakeLink();
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        FrontRing front = new FrontRing(0, Netif.TX, page);
        MemorySegment granted = domain.grant(7, true);
        granted.copyFrom(MemorySegment.ofArray(Packets.ipv4(Packets.TCP, 3000, 1)));
        TxPath tx = new TxPath(new BackRing(Netif.TX, page), new FakePort(), domain.grants(), link.open(0),
                new Vif(link, new OpenFilter(), Credit.unlimited()), new NetCounters());
        for (int i = 0; i < seeds.size(); i++) {
            put(front, i, seeds.get(i));
        }
        front.push();
        boolean givenUp = false;
        try {
            tx.serve(Integer.MAX_VALUE, 1);
        } catch (BrokenRingException e) {
            assertThat(e).hasMessage("a packet in the transmit ring has no end");
            givenUp = true;
        }
        List<Integer> ids = new ArrayList<>();
        int answered = front.waiting();
        for (int i = 0; i < answered; i++) {
            front.take(slot, 0);
            int status = TxResponse.status(slot, 0);
            assertThat(status).isIn(0, -1, 1);
            if (status != Netif.NETIF_RSP_NULL) {
                ids.add(TxResponse.id(slot, 0));
            }
        }
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        if (!givenUp) {
            assertThat(answered).isEqualTo(seeds.size());
        }
        assertThat(domain.mapped()).isZero();
        for (byte[] headed : link.sent) {
            assertThat(headed.length).isBetween(10 + 14, 10 + 65535);
        }
        link.close();
    }
}
