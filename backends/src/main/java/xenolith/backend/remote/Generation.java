package xenolith.backend.remote;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import xenolith.backend.DeviceNodes;
import xenolith.backend.Rings;
import xenolith.posix.Fd;
import xenolith.posix.Mapping;
import xenolith.posix.Memfd;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// One connection of a frontend, through however many processes: its event channels, which stay bound while there is
/// none, and the records of its rings.
///
/// Locks: its own monitor, and then the domain's.
final class Generation implements AutoCloseable {
    static final int PAGE_BYTES = 4096;

    private final DeviceAccess domain;
    private final DeviceNodes nodes;
    private final Consumer<String> onFault;
    private final Map<Integer, BoundPort> ports = new HashMap<>();
    private final Map<Integer, Fd> records = new HashMap<>();
    private final List<Mapping> mappings = new ArrayList<>();
    private boolean closed;

    Generation(DeviceAccess domain, DeviceNodes nodes, Consumer<String> onFault) {
        this.domain = domain;
        this.nodes = nodes;
        this.onFault = onFault;
    }

    DeviceNodes nodes() {
        return nodes;
    }

    void fault(String reason) {
        onFault.accept(reason);
    }

    /// The event channel of that number, bound now or before by a process that has died since; nothing if it cannot be
    /// bound.
    synchronized Optional<BoundPort> bind(int guestPort) {
        BoundPort known = ports.get(guestPort);
        if (known != null || closed || ports.size() == Wire.MAX_PORTS) {
            return Optional.ofNullable(known);
        }
        Optional<BoundPort> bound = domain.bind(guestPort).map(BoundPort::new);
        bound.ifPresent(port -> ports.put(guestPort, port));
        return bound;
    }

    /// The event channel of that number, if it is bound.
    synchronized Optional<BoundPort> port(int guestPort) {
        return Optional.ofNullable(ports.get(guestPort));
    }

    /// Ends the event channel, if it is bound. No link watches it any more.
    synchronized void unbind(int guestPort) {
        BoundPort port = ports.remove(guestPort);
        if (port != null) {
            port.close();
        }
    }

    /// All that are bound.
    synchronized List<BoundPort> ports() {
        return List.copyOf(ports.values());
    }

    /// The domain for a driver in this process that answers in a dead one's stead: its event channels are bound already.
    DeviceAccess access() {
        return new DeviceAccess() {
            @Override
            public GrantAccess grants() {
                return domain.grants();
            }

            @Override
            public Optional<EventPort> bind(int guestPort) {
                return Generation.this.bind(guestPort).map(BoundPort::port);
            }
        };
    }

    /// The memfd of a ring's record, made when it is asked for first.
    ///
    /// @throws IllegalStateException if the connection has ended
    synchronized Fd record(int ring) {
        if (closed) {
            throw new IllegalStateException("the frontend has gone");
        }
        return records.computeIfAbsent(ring, _ -> Memfd.create("xenolith-ring-record", RingRecord.BYTES));
    }

    /// Rings for such a driver: it goes on where that one's records say.
    Rings rings() {
        return (number, slots, pages) -> {
            Mapping mapping = mapping(number);
            return RecordedRing.attach(new RingRecord(mapping.segment()), InFlightMatch.of(slots), slots, pages);
        };
    }

    private synchronized Mapping mapping(int ring) {
        Mapping mapping = Mapping.shared(record(ring), 0, RingRecord.BYTES, true);
        mappings.add(mapping);
        return mapping;
    }

    /// Ends it, when no process serves it any more.
    @Override
    public synchronized void close() {
        closed = true;
        ports.values().forEach(BoundPort::close);
        ports.clear();
        mappings.forEach(Mapping::close);
        mappings.clear();
        records.values().forEach(Fd::close);
        records.clear();
    }
}
