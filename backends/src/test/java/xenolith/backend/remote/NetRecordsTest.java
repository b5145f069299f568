package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import xenolith.abi.io.FrontRing;
import xenolith.abi.io.Netif;
import xenolith.backend.FrontendException;

/// Backends of network interfaces are killed and replaced: each slot is answered once, and no frame is made of two.
class NetRecordsTest {
    private static final int FRAMES = 300;

    @Test
    void aKillAtAnyStepLosesNoPageAndMixesNoFrames() throws FrontendException {
        int steps = Integer.MAX_VALUE;
        for (int at = 0; at < steps; at++) {
            int victim = at;
            MortalReceiver receiver = new MortalReceiver(n -> n == victim, FRAMES);
            receiver.run();
            steps = receiver.steps;
            assertThat(receiver.deaths).isOne();
        }
        assertThat(steps).isGreaterThan(5 * FRAMES);
    }

    @Property(tries = 100)
    void norDoManyKills(@ForAll @Size(max = 60) List<@IntRange(max = 200) Integer> gaps) throws FrontendException {
        Set<Integer> victims = new TreeSet<>();
        int at = 0;
        for (int gap : gaps) {
            at += gap;
            victims.add(at++);
        }
        new MortalReceiver(victims::contains, FRAMES).run();
    }

    @Test
    void whatWasTakenToBeSentAndNotAnsweredIsTakenAgainAsTheGuestWroteIt() throws FrontendException {
        MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
        RingRecord record = new RingRecord(Arena.ofAuto().allocate(RingRecord.BYTES, 8));
        FrontRing front = new FrontRing(0, Netif.TX, page);
        MemorySegment slot = Arena.ofAuto().allocate(Netif.TxRequest.SIZEOF, 8);
        for (int id = 0; id < 6; id++) {
            Netif.TxRequest.gref(slot, 0, 500 + id);
            Netif.TxRequest.id(slot, 0, id);
            front.put(slot, 0);
        }
        front.push();
        RecordedRing first = RecordedRing.attach(record, InFlightMatch.of(Netif.TX), Netif.TX, page);
        assertThat(first.waiting()).isEqualTo(6);
        take(first, slot, 4, 0);
        answer(first, slot, 2, 0);

        RecordedRing second = RecordedRing.attach(record, InFlightMatch.of(Netif.TX), Netif.TX, page);
        assertThat(front.waiting()).as("what was answered is published").isEqualTo(2);
        assertThat(second.waiting()).isEqualTo(4);
        assertThat(second.finalCheck(5)).isEqualTo(4);
        take(second, slot, 4, 2);
        answer(second, slot, 4, 2);
        second.push();
        assertThat(front.waiting()).isEqualTo(6);
        for (int id = 0; id < 6; id++) {
            front.take(slot, 0);
            assertThat(Netif.TxResponse.id(slot, 0)).isEqualTo(id);
        }
        assertThat(second.unseenResponses()).isLessThanOrEqualTo(6);
    }

    private static void take(RecordedRing ring, MemorySegment slot, int count, int firstId) {
        for (int id = firstId; id < firstId + count; id++) {
            ring.take(slot, 0);
            assertThat(Netif.TxRequest.id(slot, 0)).isEqualTo(id);
            assertThat(Netif.TxRequest.gref(slot, 0)).isEqualTo(500 + id);
        }
    }

    private static void answer(RecordedRing ring, MemorySegment slot, int count, int firstId) {
        for (int id = firstId; id < firstId + count; id++) {
            Netif.TxResponse.id(slot, 0, id);
            Netif.TxResponse.status(slot, 0, 0);
            ring.put(slot, 0);
        }
    }
}
