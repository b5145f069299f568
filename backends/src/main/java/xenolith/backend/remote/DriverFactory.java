package xenolith.backend.remote;

import xenolith.backend.DeviceDriver;
import xenolith.backend.Rings;
import xenolith.vmm.port.DeviceAccess;

/// Makes a device's driver over a domain that is elsewhere.
@FunctionalInterface
public interface DriverFactory {
    /// @param maxQueues how many rings a frontend may use
    DeviceDriver create(DeviceAccess domain, Rings rings, int maxQueues);
}
