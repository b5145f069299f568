package xenolith.backend.remote;

import java.util.Set;
import java.util.regex.Pattern;

/// Which nodes of its device a process may read and write.
final class NodeNames {
    private static final Pattern FRONTEND = Pattern.compile("[a-z0-9-]{1,48}(/[a-z0-9-]{1,48})?");
    private static final Pattern BACKEND = Pattern.compile("[a-z0-9-]{1,48}");
    /// Those of the handshake, which is not the device's affair.
    private static final Set<String> HANDSHAKE = Set.of("state", "online", "frontend", "frontend-id", "error");

    private NodeNames() {
    }

    static String checkedFrontend(String name) throws ProtocolException {
        if (!FRONTEND.matcher(name).matches()) {
            throw new ProtocolException("it wants to read a node '" + name + "'");
        }
        return name;
    }

    static String checkedBackend(String name) throws ProtocolException {
        if (!BACKEND.matcher(name).matches() || HANDSHAKE.contains(name)) {
            throw new ProtocolException("it wants to write a node '" + name + "'");
        }
        return name;
    }
}
