package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.FrontRing;
import xenolith.backend.FrontendException;

/// Backends are killed and replaced; the guest gets one answer to each request.
class RecordedRingTest {
    private static final int REQUESTS = 100;
    private final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    private final RingRecord record = new RingRecord(Arena.ofAuto().allocate(RingRecord.BYTES, 8));

    private RecordedRing attach() throws FrontendException {
        return RecordedRing.attach(record, InFlightMatch.BLK, Blkif.RING, page);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aKillAtAnyStepLosesNoRequestAndAnswersNoneTwice(boolean inOrder) throws FrontendException {
        int steps = Integer.MAX_VALUE;
        int repeats = 0;
        for (int at = 0; at < steps; at++) {
            int victim = at;
            MortalServer server = new MortalServer(n -> n == victim, inOrder, REQUESTS, 7);
            server.run();
            assertThat(server.deaths).isOne();
            steps = server.steps;
            repeats += server.repeats;
        }
        assertThat(steps).isGreaterThan(10 * REQUESTS);
        assertThat(repeats).as("requests done again because their answer was not recorded").isPositive();
    }

    @Property(tries = 300)
    void norDoManyKillsSomeOfThemInAPredecessorsRecovery(@ForAll @Size(max = 60) List<@IntRange(max = 90) Integer> gaps,
            @ForAll boolean inOrder, @ForAll long seed) throws FrontendException {
        Set<Integer> victims = new TreeSet<>();
        int at = 0;
        for (int gap : gaps) {
            at += gap;
            victims.add(at++);
        }
        MortalServer server = new MortalServer(victims::contains, inOrder, REQUESTS, seed);
        server.run();
        assertThat(server.deaths).isLessThanOrEqualTo(victims.size());
    }

    @Test
    void aSuccessorTellsTheGuestOnceOfWhatMayHaveBeenPublishedInSilence() throws FrontendException {
        assertThat(attach().push()).isFalse();
        RecordedRing successor = attach();
        assertThat(successor.push()).isTrue();
        assertThat(successor.push()).isFalse();
    }

    @Test
    void aGuestThatMovesOurIndexIsRefusedBySuccessors() throws FrontendException {
        attach();
        new FrontRing(0, Blkif.RING, page);
        page.set(java.lang.foreign.ValueLayout.JAVA_INT, 8, 5);
        assertThatThrownBy(this::attach).isInstanceOf(FrontendException.class).hasMessageContaining("rsp_prod");
    }

    @Test
    void aRecordThatMakesNoSenseIsRefused() throws FrontendException {
        attach();
        MemorySegment memory = record.memory();
        MemorySegment good = Arena.ofAuto().allocate(memory.byteSize()).copyFrom(memory);
        int entry = (int) (record.requestAt(1) - record.requestAt(0));
        for (long word = 0; word < 64 + 2L * entry; word += 4) {
            for (int value : new int[] {1, 2, 3, -1, Integer.MIN_VALUE}) {
                memory.copyFrom(good);
                page.fill((byte) 0);
                memory.set(java.lang.foreign.ValueLayout.JAVA_INT, word, value);
                try {
                    RecordedRing ring = attach();
                    assertThat(ring.waiting()).isLessThanOrEqualTo(ring.size());
                } catch (FrontendException _) {
                    // Said in a line, and the device is closed.
                }
            }
        }
        memory.copyFrom(good);
        page.fill((byte) 0);
        record.answered(3, 1, page, 0, 12);
        assertThatThrownBy(this::attach).hasMessageContaining("lost a response");
        record.answered(4, 1, page, 0, 12);
        assertThatThrownBy(this::attach).hasMessageContaining("response too many");
    }

    @Test
    void aResponseToNoRequestIsOurFault() throws FrontendException {
        RecordedRing ring = attach();
        assertThatThrownBy(() -> ring.put(Arena.ofAuto().allocate(16, 8), 0)).isInstanceOf(IllegalStateException.class);
    }
}
