package xenolith.backend.remote;

import java.util.Arrays;
import xenolith.abi.io.RingSlots;
import xenolith.backend.FrontendException;

/// What a [RingRecord] says about a ring, once it has been checked: which requests are to be done again, which responses
/// are to be put again. It leaves nothing but those in the record, and may itself be cut short at any store.
final class Recovery {
    final boolean hadPredecessor;
    /// Where `rsp_prod` stands.
    final int published;
    /// Entries that are TAKEN, in the order of their requests in the ring.
    final int[] taken;
    int takenCount;
    /// Entries that are ANSWERED and not published, in the order of their responses.
    final int[] answered;
    int answeredCount;
    final int[] free;
    int freeCount;

    private Recovery(int size, int published, boolean hadPredecessor) {
        this.published = published;
        this.hadPredecessor = hadPredecessor;
        this.taken = new int[size];
        this.answered = new int[size];
        this.free = new int[size];
    }

    /// @param inPage `rsp_prod`, as it stands in the ring
    static Recovery of(RingRecord record, RecordedRing.Match match, RingSlots slots, int size, int inPage)
            throws FrontendException {
        if (record.isFresh()) {
            record.begin(slots, size, inPage);
            return new Recovery(size, inPage, false).scan(record, size);
        }
        if (!record.isOf(slots, size)) {
            throw new FrontendException("the ring has another form than its record");
        }
        if (inPage != record.pushed() && inPage != record.pushing()) {
            throw new FrontendException("'rsp_prod' of the ring is not ours");
        }
        // One of these changes nothing; killed in between, the page still says which of both is true.
        record.pushed(inPage);
        record.pushing(inPage);
        Recovery found = new Recovery(size, inPage, true).scan(record, size);
        found.takeBack(record, match);
        return found;
    }

    private Recovery scan(RingRecord record, int size) throws FrontendException {
        Arrays.fill(answered, -1);
        for (int entry = 0; entry < size; entry++) {
            switch (record.state(entry)) {
                case RingRecord.FREE -> free[freeCount++] = entry;
                case RingRecord.TAKEN -> insertInOrder(record, entry);
                case RingRecord.ANSWERED -> sort(record, entry, size);
                default -> throw new FrontendException("the ring's record makes no sense");
            }
        }
        for (int i = 0; i < answeredCount; i++) {
            if (answered[i] < 0) {
                throw new FrontendException("the ring's record has lost a response");
            }
        }
        return this;
    }

    /// Has done again what cannot be published as it is. From the end: killed in between, what is left has no gap.
    private void takeBack(RingRecord record, RecordedRing.Match match) {
        int publishable = match.publishable(record.memory(),
                Arrays.stream(answered, 0, answeredCount).mapToLong(record::responseAt).toArray());
        while (answeredCount > publishable) {
            int entry = answered[--answeredCount];
            record.taken(entry, record.requestNumber(entry));
            insertInOrder(record, entry);
        }
    }

    private void sort(RingRecord record, int entry, int size) throws FrontendException {
        int ahead = record.responseNumber(entry) - published;
        if (ahead < 0 && ahead >= -size) {
            record.free(entry);
            free[freeCount++] = entry;
        } else if (ahead >= 0 && ahead < size && answered[ahead] < 0) {
            answered[ahead] = entry;
            answeredCount++;
        } else {
            throw new FrontendException("the ring's record has a response too many");
        }
    }

    /// Their numbers lie close together, so a signed difference orders them, across the wrap too.
    private void insertInOrder(RingRecord record, int entry) {
        int at = takenCount++;
        while (at > 0 && record.requestNumber(taken[at - 1]) - record.requestNumber(entry) > 0) {
            taken[at] = taken[at - 1];
            at--;
        }
        taken[at] = entry;
    }
}
