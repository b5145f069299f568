package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import xenolith.backend.DeviceId;
import xenolith.backend.remote.RemoteDriver;
import xenolith.tool.device.BackendPlace;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;

/// A network interface of a running domain that another process serves. Its rate and its firewall are that one's.
record RemoteNic(NicConfig config, DeviceId id, MacAddress mac, RemoteDriver driver) implements HostedDevice {
    @Override
    public String name() {
        return "vif" + id.number();
    }

    @Override
    public Map<String, String> frontendNodes() {
        return Nic.frontendNodes(config, id, mac);
    }

    @Override
    public Map<String, String> backendNodes() {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("handle", Long.toString(id.number()));
        nodes.put("mac", mac.text());
        nodes.put("mtu", Integer.toString(config.mtu()));
        nodes.put("type", "vif");
        nodes.put("hotplug-status", "connected");
        return nodes;
    }

    @Override
    public Map<String, Object> description() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("mac", mac.text());
        fields.put("attachment", config.place() instanceof BackendPlace.Listening ? "unix" : "process");
        fields.put("target", config.place() instanceof BackendPlace.Listening(Path socket) ? socket.toString()
                : config.words());
        fields.put("host_name", "");
        fields.put("rate", config.rate().isEmpty() ? NicLimit.NONE : new NicLimit(config.rate()).text());
        return fields;
    }

    @Override
    public Map<String, String> change(Map<String, String> wanted, Path directory) {
        throw new BadInputException("an interface that another process serves cannot be changed");
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
