package xenolith.backend.remote;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/// Which nodes of its device its processes may write: any but those of the handshake, and not ever more of them.
final class WrittenNodes {
    private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,48}");
    /// Those of the handshake, which is not the device's affair.
    private static final Set<String> HANDSHAKE = Set.of("state", "online", "frontend", "frontend-id", "error");

    private final Set<String> names = new HashSet<>();

    synchronized String checked(String name) throws ProtocolException {
        if (!NAME.matcher(name).matches() || HANDSHAKE.contains(name)) {
            throw new ProtocolException("it wants to write a node '" + name + "'");
        }
        if (!names.contains(name) && names.size() == Wire.MAX_NODES) {
            throw new ProtocolException("it wants to write more than " + Wire.MAX_NODES + " nodes");
        }
        names.add(name);
        return name;
    }
}
