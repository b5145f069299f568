package xenolith.backend.net;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What one queue of an interface has done, over all its connections. *Tx* and *rx* are the guest's words. Written by
/// the queue's thread, but for the events of the guest; read by anybody, a little late.
final class NetCounters {
    long txFrames;
    long txBytes;
    long txSlots;
    /// Broke the interface's rules, or named pages that are not granted.
    long txErrors;
    /// Refused by the filter, or by who is behind the link.
    long txDropped;
    long txEvents;
    long rxFrames;
    long rxBytes;
    long rxSlots;
    long rxErrors;
    long rxDropped;
    long rxEvents;
    /// How often its thread went to sleep for want of work.
    long sleeps;
    /// How often it waited a little for more, without asking for events.
    long naps;
    /// Faults of ours that were logged; for nobody else.
    int loggedFaults;
    private final LongAdder guestEvents = new LongAdder();

    /// Runs on a vcpu's thread too.
    void guestEvents(long count) {
        guestEvents.add(count);
    }

    /// Adds all to `sums`, by names that say what they count.
    void addTo(Map<String, Long> sums) {
        Map<String, Long> mine = new LinkedHashMap<>();
        mine.put("tx_frames", txFrames);
        mine.put("tx_bytes", txBytes);
        mine.put("tx_slots", txSlots);
        mine.put("tx_errors", txErrors);
        mine.put("tx_dropped", txDropped);
        mine.put("tx_events_to_guest", txEvents);
        mine.put("rx_frames", rxFrames);
        mine.put("rx_bytes", rxBytes);
        mine.put("rx_slots", rxSlots);
        mine.put("rx_errors", rxErrors);
        mine.put("rx_dropped", rxDropped);
        mine.put("rx_events_to_guest", rxEvents);
        mine.put("events_from_guest", guestEvents.sum());
        mine.put("sleeps", sleeps);
        mine.put("naps", naps);
        mine.forEach((name, value) -> sums.merge(name, value, Long::sum));
    }
}
