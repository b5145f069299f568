package xenolith.tool.nic;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import xenolith.backend.DeviceId;
import xenolith.backend.net.NetBackend;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;

/// A network interface of a running domain, with its attachment.
///
/// @param hostName what the host calls its side, or empty
/// @param limit    the driver's
record Nic(NicConfig config, DeviceId id, MacAddress mac, String hostName, NicFirewall firewall, NicLimit limit,
        NetBackend driver) implements HostedDevice {
    @Override
    public String name() {
        return "vif" + id.number();
    }

    @Override
    public Map<String, String> frontendNodes() {
        return frontendNodes(config, id, mac);
    }

    static Map<String, String> frontendNodes(NicConfig config, DeviceId id, MacAddress mac) {
        return Map.of("handle", Long.toString(id.number()), "mac", mac.text(), "mtu", Integer.toString(config.mtu()));
    }

    /// As xl writes them.
    @Override
    public Map<String, String> backendNodes() {
        Map<String, String> nodes = new LinkedHashMap<>();
        nodes.put("handle", Long.toString(id.number()));
        nodes.put("mac", mac.text());
        nodes.put("mtu", Integer.toString(config.mtu()));
        nodes.put("type", "vif");
        nodes.put("vifname", hostName);
        if (config.attachment() == NicConfig.Attachment.BRIDGE) {
            nodes.put("bridge", config.target());
        }
        if (!config.ips().isEmpty()) {
            nodes.put("ip", String.join(" ", config.ips()));
        }
        if (!limit.text().isEmpty()) {
            nodes.put("rate", limit.text());
        }
        nodes.put("hotplug-status", "connected");
        return nodes;
    }

    @Override
    public Map<String, Object> description() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("mac", mac.text());
        fields.put("attachment", config.attachment().name().toLowerCase(java.util.Locale.ROOT));
        fields.put("target", config.target());
        fields.put("host_name", hostName);
        fields.put("rate", limit.text().isEmpty() ? NicLimit.NONE : limit.text());
        return fields;
    }

    /// `rate=RATE`: the guest may send so much from now on. `rate=none`: as much as it can.
    @Override
    public Map<String, String> change(Map<String, String> wanted, Path directory) {
        if (!wanted.keySet().equals(Set.of("rate"))) {
            throw new BadInputException("what can be changed of an interface is: rate=RATE, rate=none");
        }
        String text = wanted.get("rate");
        limit.change(text.equals(NicLimit.NONE) ? Optional.empty() : Optional.of(NicRate.parse(text)));
        return Map.of("rate", limit.text());
    }

    /// About its firewall.
    @Override
    public Map<String, Object> answer(Map<String, Object> question, Path directory) {
        return firewall.answer(question, directory);
    }

    @Override
    public void close() {
        driver.close();
    }
}
