package xenolith.backend.remote;

import xenolith.backend.DeviceDriver;
import xenolith.backend.LossMark;
import xenolith.backend.Rings;
import xenolith.vmm.port.DeviceAccess;

/// Makes a device's driver over a domain that is elsewhere.
@FunctionalInterface
public interface DriverFactory {
    /// @param maxQueues how many rings a frontend may use
    /// @param loss      set by an earlier process, if it is, and to be set by this
    DeviceDriver create(DeviceAccess domain, Rings rings, int maxQueues, LossMark loss);
}
