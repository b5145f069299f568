package xenolith.tool.disk;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.backend.DeviceId;
import xenolith.backend.remote.RemoteDriver;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;

/// A disk of a running domain that another process serves.
record RemoteDisk(DiskConfig config, DeviceId id, RemoteDriver driver) implements HostedDevice {
    @Override
    public String name() {
        return config.name();
    }

    @Override
    public Map<String, String> frontendNodes() {
        return Disk.frontendNodes(config);
    }

    @Override
    public Map<String, String> backendNodes() {
        return Disk.backendNodes(config, place());
    }

    private String place() {
        return config.place() instanceof BackendPlace.Listening(Path socket) ? "unix:" + socket
                : "process:" + config.path().toAbsolutePath();
    }

    @Override
    public Map<String, Object> description() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("path", place());
        fields.put("mode", isReadOnly() ? "r" : "w");
        return fields;
    }

    /// Of a disk that somebody else's process serves that one alone knows.
    private boolean isReadOnly() {
        return config.readOnly() || driver.written("mode").filter("r"::equals).isPresent();
    }

    /// `size`: the process looks at the size of its image again.
    @Override
    public Map<String, String> change(Map<String, String> wanted, Path directory) {
        if (!wanted.equals(Map.of("size", ""))) {
            throw new BadInputException("what can be changed of a disk that another process serves is: size");
        }
        return Map.of();
    }

    @Override
    public void domainGone() {
        driver.domainGone();
    }

    @Override
    public void close() {
        driver.close();
    }
}
