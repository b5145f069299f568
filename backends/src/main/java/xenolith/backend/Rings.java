package xenolith.backend;

import java.lang.foreign.MemorySegment;
import xenolith.abi.io.BackRing;
import xenolith.abi.io.RequestRing;
import xenolith.abi.io.RingSlots;

/// Makes a backend's half of its device's rings. A backend in a process of its own keeps a record beside each, so that
/// another can go on where it died.
@FunctionalInterface
public interface Rings {
    /// What is taken and not answered is lost with this process, which the guest does not outlive either.
    Rings PLAIN = (_, slots, pages) -> BackRing.attach(slots, pages);

    /// Our half of the ring of queue `number`, counted from 0 for each connection.
    ///
    /// @throws FrontendException if the ring cannot be what it is said to be
    RequestRing attach(int number, RingSlots slots, MemorySegment... pages) throws FrontendException;
}
