package xenolith.tool.console;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.backend.DeviceId;
import xenolith.backend.console.ConsoleDevice;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;

/// A channel of a running domain, with our end of it. In a Linux guest it is `/dev/hvcN`.
record Channel(ChannelConfig config, DeviceId id, GuestConsole end, ConsoleDevice driver) implements HostedDevice {
    @Override
    public String name() {
        return config.name();
    }

    /// As xl writes them. The guest finds the channel it wants by `name`.
    @Override
    public Map<String, String> frontendNodes() {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("protocol", "vt100");
        nodes.put("type", "xenconsoled");
        nodes.put("output", config.connection().word());
        nodes.put("name", config.name());
        nodes.put("tty", end.terminal() == null ? "" : end.terminal());
        return nodes;
    }

    @Override
    public Map<String, String> backendNodes() {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("protocol", "vt100");
        nodes.put("name", config.name());
        nodes.put("connection", config.connection().word());
        if (config.path() != null) {
            nodes.put("path", config.path().toAbsolutePath().toString());
        }
        return nodes;
    }

    @Override
    public Map<String, Object> description() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("connection", config.connection().word());
        fields.put("path", config.path() == null ? end.terminal() : config.path().toAbsolutePath().toString());
        return fields;
    }

    @Override
    public Map<String, String> change(Map<String, String> wanted, Path directory) {
        throw new BadInputException("nothing of a channel can be changed");
    }

    @Override
    public void close() {
        driver.close();
        end.close();
    }
}
