package xenolith.vmm.port;

import java.util.Optional;
import java.util.function.IntSupplier;

/// What a device backend may ask of its domain when a frontend connects.
public interface DeviceAccess {
    /// The pages that the guest grants domain 0, for one connection: closing it unmaps whatever it mapped.
    GrantAccess grants();

    /// Connects to an event channel that the guest has made for domain 0 (`EVTCHNOP_alloc_unbound`).
    ///
    /// @param guestPort any number that the guest wrote
    /// @return nothing if there is no such port, or if it is not for us or in use
    Optional<EventPort> bind(int guestPort);

    /// A thread of a backend's says that it begins to work for the domain, and later that it goes to sleep. What only
    /// saves time where there are processors enough leaves it one meanwhile: the threads that poll for hypercalls.
    default void working(boolean begins) {
    }

    /// Likewise, for a backend in another process: `threads` tells how many of its threads work now, at any time and on any
    /// thread, until what is returned has run.
    default Runnable workingElsewhere(IntSupplier threads) {
        return () -> { };
    }
}
