package xenolith.backend.remote;

import java.lang.foreign.MemorySegment;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.RequestRing;
import xenolith.abi.io.RingSlots;
import xenolith.backend.FrontendException;

/// A backend's half of a ring that keeps a [RingRecord], and that finds in it what a predecessor took and did not
/// answer: those requests it gives out first, in the ring's order, as if they waited in the ring.
///
/// Every request is answered once by however many backends serve the ring one after the other, each killed at any
/// instruction, as long as doing a request twice is the same as doing it once. Reads, writes and discards are so, as
/// one is done again only while it is not answered, when its sender cannot rely on anything it does. A flush is so as
/// long as the host stores what it has accepted: it says only once that it could not, and a flush that is done again
/// would succeed. So that is remembered elsewhere ([xenolith.backend.LossMark]).
///
/// For one thread. Allocates nothing after it is made.
final class RecordedRing implements RequestRing {
    /// Whether a response, by the guest's own number in both, may be that to a request. Where a guest uses a number twice
    /// at a time it is alone in not knowing which of its requests is answered.
    interface Match {
        boolean answers(MemorySegment request, long requestAt, MemorySegment response, long responseAt);

        /// How many of the responses that a predecessor has put and not published a successor may publish; it does the
        /// requests of the rest again. Where several responses are one message it must be whole.
        ///
        /// @param responseAt where each begins in `responses`, in their order
        default int publishable(MemorySegment responses, long[] responseAt) {
            return responseAt.length;
        }
    }

    private final RingSlots slots;
    private final Match match;
    private final RingRecord record;
    private final BackRing ring;
    /// Entries that are TAKEN, in the ring's order: first what is left of the predecessor's.
    private final int[] taken;
    private int takenCount;
    /// How many of the predecessor's requests are left, and how many of those were given out again.
    private int replays;
    private int replayed;
    /// Entries that are ANSWERED and not published.
    private final int[] answered;
    private int answeredCount;
    private final int[] free;
    private int freeCount;
    /// Whether a predecessor may have published responses and died before it told the guest.
    private boolean tellGuest;

    private RecordedRing(RingSlots slots, Match match, RingRecord record, Recovery found, MemorySegment... pages) {
        this.slots = slots;
        this.match = match;
        this.record = record;
        this.taken = found.taken;
        this.takenCount = found.takenCount;
        this.replays = found.takenCount;
        this.answered = found.answered;
        this.free = found.free;
        this.freeCount = found.freeCount;
        this.tellGuest = found.hadPredecessor;
        this.ring = BackRing.resume(found.published + found.answeredCount + found.takenCount, found.published, slots,
                pages);
        for (int i = 0; i < found.answeredCount; i++) {
            ring.put(record.memory(), record.responseAt(answered[i]));
            answeredCount++;
        }
    }

    /// Our half of a ring, which goes on where the record says. What a predecessor has answered is published at once, for
    /// who serves the ring need not have anything else to publish; the guest is told of it by the machine, and with the
    /// next [#push].
    ///
    /// @throws FrontendException if record and ring do not go together
    static RecordedRing attach(RingRecord record, Match match, RingSlots slots, MemorySegment... pages)
            throws FrontendException {
        Recovery found = Recovery.of(record, match, slots, slots.countIn(pages.length),
                BackRing.publishedIndex(slots, pages));
        RecordedRing ring = new RecordedRing(slots, match, record, found, pages);
        ring.publish();
        return ring;
    }

    @Override
    public int size() {
        return ring.size();
    }

    /// A frontend that keeps to the rules never has more requests waiting than there are entries free.
    @Override
    public int waiting() {
        return withReplays(ring.waiting());
    }

    private int withReplays(int inRing) {
        return inRing < 0 ? inRing : replays - replayed + Math.min(inRing, freeCount);
    }

    @Override
    public void take(MemorySegment to, long toOffset) {
        int entry;
        if (replayed < replays) {
            entry = taken[replayed++];
        } else {
            if (freeCount == 0) {
                throw new IllegalStateException("no entry is free for a request");
            }
            entry = free[freeCount - 1];
            int number = ring.requestIndex();
            ring.take(record.memory(), record.requestAt(entry));
            record.taken(entry, number);
            freeCount--;
            taken[takenCount++] = entry;
        }
        MemorySegment.copy(record.memory(), record.requestAt(entry), to, toOffset, slots.requestByteSize());
    }

    @Override
    public int unanswered() {
        return takenCount - (replays - replayed);
    }

    @Override
    public void put(MemorySegment from, long fromOffset) {
        int at = answeredBy(from, fromOffset);
        int entry = taken[at];
        record.answered(entry, ring.responseIndex(), from, fromOffset, slots.responseByteSize());
        ring.put(from, fromOffset);
        System.arraycopy(taken, at + 1, taken, at, --takenCount - at);
        if (at < replayed) {
            replayed--;
            replays--;
        }
        answered[answeredCount++] = entry;
    }

    /// The place in [#taken] of the first request given out that the response may be for: mostly the first of all.
    private int answeredBy(MemorySegment response, long offset) {
        for (int i = 0; i < takenCount; i++) {
            boolean givenOut = i < replayed || i >= replays;
            if (givenOut && match.answers(record.memory(), record.requestAt(taken[i]), response, offset)) {
                return i;
            }
        }
        throw new IllegalStateException("a response to no request that was taken");
    }

    @Override
    public boolean push() {
        boolean wanted = publish() || tellGuest;
        tellGuest = false;
        return wanted;
    }

    private boolean publish() {
        if (answeredCount == 0) {
            return false;
        }
        int index = ring.responseIndex();
        record.pushing(index);
        boolean wanted = ring.push();
        record.pushed(index);
        while (answeredCount > 0) {
            int entry = answered[--answeredCount];
            record.free(entry);
            free[freeCount++] = entry;
        }
        return wanted;
    }

    @Override
    public int finalCheck(int count) {
        int left = replays - replayed;
        return left >= count ? waiting() : withReplays(ring.finalCheck(count - left));
    }

    @Override
    public int unseenResponses() {
        return ring.unseenResponses();
    }
}
