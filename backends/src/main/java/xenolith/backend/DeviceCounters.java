package xenolith.backend;

import java.util.Map;

/// What a device has done so far, for whoever lists the devices of a running domain.
public interface DeviceCounters {
    /// Counts since the device was attached, over all its connections, by the names that they have in JSON:
    /// `requests`, `errors`, `events` (how often the guest was notified), and what else the kind of device counts. Any
    /// thread; the counts need not be of one moment.
    default Map<String, Long> counters() {
        return Map.of();
    }
}
