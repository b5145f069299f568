package xenolith.backend.remote;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The nodes of its device that its processes have written. They may write any but those of the handshake, and not ever
/// more of them.
final class WrittenNodes {
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,48}");
    /// Those of the handshake, which is not the device's affair.
    private static final Set<String> HANDSHAKE = Set.of("state", "online", "frontend", "frontend-id", "error");

    private final Map<String, String> values = new HashMap<>();

    synchronized void put(String name, String value) throws ProtocolException {
        if (!NAME.matcher(name).matches() || HANDSHAKE.contains(name)) {
            throw new ProtocolException("it wants to write a node '" + name + "'");
        }
        if (!values.containsKey(name) && values.size() == Wire.MAX_NODES) {
            throw new ProtocolException("it wants to write more than " + Wire.MAX_NODES + " nodes");
        }
        values.put(name, value);
    }

    synchronized Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }
}
