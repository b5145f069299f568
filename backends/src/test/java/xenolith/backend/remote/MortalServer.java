package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.FrontRing;
import xenolith.backend.FrontendException;

/// A guest, a ring, its record, and backends that are killed at one of their steps and replaced, in one thread. A step
/// is a store to the record, or what lies before and after: taking, doing, putting and publishing.
final class MortalServer {
    private static final int PAGE = 4096;
    private static final int BATCH = 3;

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final MemorySegment page = Arena.ofAuto().allocate(PAGE, PAGE);
    private final MemorySegment recordMemory = Arena.ofAuto().allocate(RingRecord.BYTES, 8);
    private final FrontRing front = new FrontRing(0, Blkif.RING, page);
    private final MemorySegment message = Arena.ofAuto().allocate(Blkif.Request.SIZEOF, 8);
    private final MemorySegment response = Arena.ofAuto().allocate(Blkif.Response.SIZEOF, 8);
    private final IntPredicate dies;
    private final Random random;
    private final boolean inOrder;
    private final int total;
    private int posted;
    private final Set<Long> outstanding = new HashSet<>();
    private final Set<Long> done = new LinkedHashSet<>();
    int steps;
    int deaths;
    int repeats;

    /// @param dies    whether a backend is killed at step `n` of all
    /// @param inOrder whether it answers in the ring's order, one at a time, or any that it has taken
    /// @param total   how many requests the guest sends
    MortalServer(IntPredicate dies, boolean inOrder, int total, long seed) {
        this.dies = dies;
        this.inOrder = inOrder;
        this.total = total;
        this.random = new Random(seed);
    }

    private void step() {
        if (dies.test(steps++)) {
            throw new Killed();
        }
    }

    /// Runs until the guest has all its answers.
    void run() throws FrontendException {
        while (posted < total || !outstanding.isEmpty()) {
            post();
            try {
                serve();
            } catch (Killed _) {
                deaths++;
                scribbleWhereNobodyLooks();
            }
            collect();
        }
        assertThat(done).hasSize(total);
    }

    private void post() {
        for (int room = Math.min(front.free(), random.nextInt(40)); room > 0 && posted < total; room--) {
            long id = 1_000_000L * ++posted;
            message.fill((byte) 0);
            Blkif.Request.id(message, 0, id);
            Blkif.Request.sectorNumber(message, 0, id + 1);
            front.put(message, 0);
            outstanding.add(id);
        }
        front.push();
    }

    /// What the guest sees: an answer to a request of its own that was done, and to each only one.
    private void collect() {
        for (int count = front.waiting(); count > 0; count--) {
            front.take(message, 0);
            long id = Blkif.Response.id(message, 0);
            assertThat(outstanding.remove(id)).as("an answer to request %d, which waits for one", id).isTrue();
            assertThat(done).contains(id);
            assertThat(Blkif.Response.status(message, 0)).isEqualTo((int) (id % 30_000));
        }
    }

    /// A whole life of a backend, up to the moment when it would sleep.
    private void serve() throws FrontendException {
        RingRecord record = new RingRecord(recordMemory) {
            @Override
            void step() {
                MortalServer.this.step();
            }
        };
        RecordedRing ring = RecordedRing.attach(record, InFlightMatch.BLK, Blkif.RING, page);
        List<Long> hand = new ArrayList<>();
        int idle = 0;
        while (idle < 2) {
            int waiting = ring.waiting();
            assertThat(waiting).isNotNegative();
            idle = waiting == 0 ? idle + 1 : 0;
            for (int i = 0; i < waiting; i++) {
                step();
                ring.take(message, 0);
                assertThat(Blkif.Request.sectorNumber(message, 0)).isEqualTo(Blkif.Request.id(message, 0) + 1);
                hand.add(Blkif.Request.id(message, 0));
                assertThat(ring.unanswered()).isEqualTo(hand.size());
                answerSome(ring, hand, inOrder ? 0 : 4);
                if (i % BATCH == BATCH - 1) {
                    push(ring);
                }
            }
            answerSome(ring, hand, 0);
            push(ring);
            ring.finalCheck();
        }
    }

    private void push(RecordedRing ring) {
        step();
        ring.push();
        step();
    }

    private void answerSome(RecordedRing ring, List<Long> hand, int left) {
        while (hand.size() > left) {
            long id = hand.remove(inOrder ? 0 : random.nextInt(hand.size()));
            step();
            if (!done.add(id)) {
                repeats++;
            } else if (inOrder) {
                assertThat(done).as("done in the ring's order").hasSize((int) (id / 1_000_000L));
            }
            step();
            Blkif.Response.id(response, 0, id);
            Blkif.Response.status(response, 0, (int) (id % 30_000));
            ring.put(response, 0);
            step();
        }
    }

    /// What an entry that is free holds says nothing.
    private void scribbleWhereNobodyLooks() {
        RingRecord record = new RingRecord(recordMemory);
        if (!record.isFresh() && record.isOf(Blkif.RING, front.free() + outstanding.size())) {
            for (int entry = 0; entry < 32; entry++) {
                if (record.state(entry) == RingRecord.FREE) {
                    recordMemory.asSlice(record.responseAt(entry), 16 + Blkif.Request.SIZEOF).fill((byte) random.nextInt());
                }
            }
        }
    }
}
