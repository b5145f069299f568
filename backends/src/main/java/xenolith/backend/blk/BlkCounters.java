package xenolith.backend.blk;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/// What a disk did, counted over all its connections and queues. Any thread may count and read.
final class BlkCounters {
    enum Count {
        READS, WRITES, FLUSHES, DISCARDS, ERRORS, BYTES_READ, BYTES_WRITTEN,
        /// Calls of the image by which data was read or written: fewer than the requests where neighbours were merged.
        TRANSFERS,
        /// Those of them that the host did while the queue went on.
        SIDE_BY_SIDE,
        /// Times that the guest sent an event because a request waits, and was sent one because a response does.
        EVENTS_FROM_GUEST, EVENTS
    }

    private static final Count[] COUNTS = Count.values();

    private final AtomicLongArray counts = new AtomicLongArray(COUNTS.length);

    void add(Count what) {
        counts.getAndIncrement(what.ordinal());
    }

    void add(Count what, long more) {
        counts.getAndAdd(what.ordinal(), more);
    }

    long get(Count what) {
        return counts.get(what.ordinal());
    }

    /// All of them by name, in lower case, and all requests that were answered.
    Map<String, Long> byName() {
        Map<String, Long> result = new LinkedHashMap<>();
        result.put("requests", get(Count.READS) + get(Count.WRITES) + get(Count.FLUSHES) + get(Count.DISCARDS)
                + get(Count.ERRORS));
        for (Count what : COUNTS) {
            result.put(what.name().toLowerCase(Locale.ROOT), get(what));
        }
        return result;
    }
}
