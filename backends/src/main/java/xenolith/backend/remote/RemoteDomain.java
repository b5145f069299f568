package xenolith.backend.remote;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import xenolith.backend.Rings;
import xenolith.posix.EventFd;
import xenolith.posix.Fd;
import xenolith.posix.Mapping;
import xenolith.posix.UnixSocket;
import xenolith.vmm.port.DeviceAccess;
import xenolith.vmm.port.EventPort;
import xenolith.vmm.port.GrantAccess;

/// The domain of another process as a driver here sees it.
final class RemoteDomain implements DeviceAccess {
    private final Link link;
    private final MemorySegment memory;
    private final StatusPage status;
    private final List<Mapping> records = new ArrayList<>();

    /// @param memory the guest's, as the machine shares it
    RemoteDomain(Link link, MemorySegment memory, StatusPage status) {
        this.link = link;
        this.memory = memory;
        this.status = status;
    }

    @Override
    public void working(boolean begins) {
        status.working(begins);
    }

    @Override
    public GrantAccess grants() {
        try (Call call = link.call(Wire.OPEN_GRANTS)) {
            return new RemoteGrants(link, memory, call.ask(0).getInt());
        } catch (ProtocolException e) {
            throw new LinkLostException(e.getMessage());
        }
    }

    @Override
    public Optional<EventPort> bind(int guestPort) {
        try (Call call = link.call(Wire.BIND)) {
            call.out().putInt(guestPort);
            Message in = call.ask(0);
            if (in.getInt() != Wire.OKAY) {
                return Optional.empty();
            }
            UnixSocket kick = UnixSocket.of(in.takeDescriptor());
            return Optional.of(new RemotePort(link, guestPort, kick, EventFd.of(in.takeDescriptor())));
        } catch (ProtocolException e) {
            throw new LinkLostException(e.getMessage());
        }
    }

    /// Rings with the records that the machine keeps for us.
    Rings rings() {
        return (number, slots, pages) -> {
            try (Call call = link.call(Wire.RECORD)) {
                call.out().putInt(number);
                Message in = call.ask(0);
                in.getInt();
                try (Fd memfd = in.takeDescriptor()) {
                    Mapping record = Mapping.shared(memfd, 0, RingRecord.BYTES, true);
                    records.add(record);
                    return RecordedRing.attach(new RingRecord(record.segment()), InFlightMatch.of(slots), slots, pages);
                }
            } catch (ProtocolException e) {
                throw new LinkLostException(e.getMessage());
            }
        };
    }

    /// Unmaps the records, when no ring is in use any more.
    void closeRecords() {
        records.forEach(Mapping::close);
        records.clear();
    }
}
