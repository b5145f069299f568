package xenolith.backend.remote;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import xenolith.abi.SharedWord;
import xenolith.abi.io.RingSlots;

/// What a backend has taken out of a ring and not yet answered, in memory that outlives its process.
///
/// ```
/// 0  magic, 0 in a fresh record      64 + i * entry bytes:
/// 4  entries, as the ring has slots   0  FREE, TAKEN or ANSWERED
/// 8  bytes of an entry                4  the request's number in the ring
/// 12 pushing                          8  ANSWERED: the response's number in the ring
/// 16 pushed                           16 the response, in 16 bytes
///                                     32 the request
/// ```
///
/// All is in the host's byte order. Every state below is reached by one store of four bytes, and what it speaks of was
/// stored before: a process that is killed has done each of its stores or not, in their order, so its successor finds
/// one of these and no other.
///
/// 1. The request's copy and number are written into a FREE entry, which says nothing; then it is TAKEN. Killed before
///    that store, the request is still in its slot of the ring, as no response was put there.
/// 2. The request is done, any number of times: it is TAKEN all the while, and its successor does it again.
/// 3. The response and its number are written; then the entry is ANSWERED. What it says is put into the ring afterwards,
///    where the guest does not look yet, and by a successor again, at the same place.
/// 4. `pushing` is set to the index that is about to be published, then `rsp_prod` in the ring, then `pushed`. The store
///    to `rsp_prod` is what answers: a successor finds there either `pushed`, and publishes again, or `pushing`, and all
///    below it is answered. Anything else is the guest's doing.
/// 5. ANSWERED entries below `pushed` become FREE, in any order; a successor frees those that are left.
///
/// As each request has one response, the ring's `req_cons` is `rsp_prod` and the number of entries that are TAKEN, or
/// ANSWERED and not published. It needs no place here.
///
/// The process that serves the ring writes this; the machine reads it when it must answer in that one's stead. So
/// neither believes what it finds: [RecordedRing] checks all of it.
class RingRecord {
    static final int FREE = 0;
    static final int TAKEN = 1;
    static final int ANSWERED = 2;

    /// The most slots of a ring: one of 16 pages with the smallest slots that a disk's has.
    static final int MAX_ENTRIES = 512;
    static final int RESPONSE_BYTES = 16;

    private static final int MAGIC = 0x584c_5252;
    private static final long MAGIC_AT = 0;
    private static final long ENTRIES_AT = 4;
    private static final long ENTRY_BYTES_AT = 8;
    private static final long PUSHING_AT = 12;
    private static final long PUSHED_AT = 16;
    private static final long HEADER_BYTES = 64;

    private static final long STATE_AT = 0;
    private static final long REQUEST_NUMBER_AT = 4;
    private static final long RESPONSE_NUMBER_AT = 8;
    private static final long RESPONSE_AT = 16;
    private static final long REQUEST_AT = 32;
    private static final int MAX_REQUEST_BYTES = 112;

    /// What every record may need, a whole number of pages.
    static final long BYTES = HEADER_BYTES + MAX_ENTRIES * (REQUEST_AT + MAX_REQUEST_BYTES) + 4095 & -4096;

    private final MemorySegment memory;
    private int entryBytes;

    /// @param memory [#BYTES] of shared memory, all zero if the record is fresh
    RingRecord(MemorySegment memory) {
        if (memory.byteSize() < BYTES) {
            throw new IllegalArgumentException("byteSize=" + memory.byteSize());
        }
        this.memory = memory;
    }

    /// Runs before and after each store that changes what a successor finds. A test dies here.
    void step() {
    }

    boolean isFresh() {
        return SharedWord.getIntAcquire(memory, MAGIC_AT) == 0;
    }

    /// Makes a fresh record one of a ring of `entries` slots, whose responses are published up to `index`.
    void begin(RingSlots slots, int entries, int index) {
        entryBytes = entryBytes(slots, entries);
        set(ENTRIES_AT, entries);
        set(ENTRY_BYTES_AT, entryBytes);
        set(PUSHING_AT, index);
        set(PUSHED_AT, index);
        for (int i = 0; i < entries; i++) {
            set(entry(i) + STATE_AT, FREE);
        }
        set(MAGIC_AT, MAGIC);
    }

    /// Whether this is the record of such a ring; then it can be used.
    boolean isOf(RingSlots slots, int entries) {
        entryBytes = entryBytes(slots, entries);
        return SharedWord.getIntAcquire(memory, MAGIC_AT) == MAGIC && memory.get(JAVA_INT, ENTRIES_AT) == entries
                && memory.get(JAVA_INT, ENTRY_BYTES_AT) == entryBytes;
    }

    private static int entryBytes(RingSlots slots, int entries) {
        if (entries > MAX_ENTRIES || slots.requestByteSize() > MAX_REQUEST_BYTES
                || slots.responseByteSize() > RESPONSE_BYTES) {
            throw new IllegalArgumentException("entries=" + entries + " slots=" + slots);
        }
        return (int) REQUEST_AT + (slots.requestByteSize() + 7 & -8);
    }

    int pushing() {
        return SharedWord.getIntAcquire(memory, PUSHING_AT);
    }

    int pushed() {
        return SharedWord.getIntAcquire(memory, PUSHED_AT);
    }

    void pushing(int index) {
        set(PUSHING_AT, index);
    }

    void pushed(int index) {
        set(PUSHED_AT, index);
    }

    int state(int entry) {
        return SharedWord.getIntAcquire(memory, entry(entry) + STATE_AT);
    }

    int requestNumber(int entry) {
        return memory.get(JAVA_INT, entry(entry) + REQUEST_NUMBER_AT);
    }

    int responseNumber(int entry) {
        return memory.get(JAVA_INT, entry(entry) + RESPONSE_NUMBER_AT);
    }

    /// The record itself, for the request's copy at [#requestAt] and the response's at [#responseAt].
    MemorySegment memory() {
        return memory;
    }

    long requestAt(int entry) {
        return entry(entry) + REQUEST_AT;
    }

    long responseAt(int entry) {
        return entry(entry) + RESPONSE_AT;
    }

    /// The entry's request has been copied.
    void taken(int entry, int requestNumber) {
        memory.set(JAVA_INT, entry(entry) + REQUEST_NUMBER_AT, requestNumber);
        set(entry(entry) + STATE_AT, TAKEN);
    }

    /// The entry's request is done, and this is the response number `responseNumber`.
    void answered(int entry, int responseNumber, MemorySegment response, long offset, int byteLength) {
        MemorySegment.copy(response, offset, memory, responseAt(entry), byteLength);
        memory.set(JAVA_INT, entry(entry) + RESPONSE_NUMBER_AT, responseNumber);
        set(entry(entry) + STATE_AT, ANSWERED);
    }

    void free(int entry) {
        set(entry(entry) + STATE_AT, FREE);
    }

    private long entry(int index) {
        return HEADER_BYTES + (long) index * entryBytes;
    }

    /// Volatile: no store before it may come after it, nor one after it before it.
    private void set(long at, int value) {
        step();
        SharedWord.setIntVolatile(memory, at, value);
        step();
    }
}
