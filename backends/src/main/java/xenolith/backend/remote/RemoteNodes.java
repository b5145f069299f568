package xenolith.backend.remote;

import java.util.Optional;
import xenolith.backend.DeviceNodes;

/// The device's nodes, which the machine reads and writes for us.
final class RemoteNodes extends DeviceNodes {
    private final Link link;

    RemoteNodes(Link link) {
        this.link = link;
    }

    @Override
    public void write(String name, String value) {
        try (Call call = link.call(Wire.WRITE_NODE)) {
            call.out().putText(name).putText(value);
            call.ask(0);
        }
    }

    @Override
    public Optional<String> read(String name) {
        try (Call call = link.call(Wire.READ_NODE)) {
            call.out().putText(name);
            Message in = call.ask(0);
            int result = in.getInt();
            String value = in.getText();
            return result == Wire.OKAY ? Optional.of(value) : Optional.empty();
        } catch (ProtocolException e) {
            throw new LinkLostException(e.getMessage());
        }
    }
}
