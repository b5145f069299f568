package xenolith.backend.remote;

import java.util.Optional;
import xenolith.backend.DeviceNodes;

/// A connected device's nodes for a driver that takes over without being seen.
final class SilentNodes extends DeviceNodes {
    private final DeviceNodes nodes;

    SilentNodes(DeviceNodes nodes) {
        this.nodes = nodes;
    }

    @Override
    public void write(String name, String value) {
        // The frontend knows already what its device is.
    }

    @Override
    public Optional<String> read(String name) {
        return nodes.read(name);
    }
}
