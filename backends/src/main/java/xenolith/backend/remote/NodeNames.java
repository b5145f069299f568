package xenolith.backend.remote;

import java.util.regex.Pattern;

/// Which nodes of its frontend a process may read.
final class NodeNames {
    private static final Pattern FRONTEND = Pattern.compile("[a-z0-9-]{1,48}(/[a-z0-9-]{1,48})?");

    private NodeNames() {
    }

    static String checkedFrontend(String name) throws ProtocolException {
        if (!FRONTEND.matcher(name).matches()) {
            throw new ProtocolException("it wants to read a node '" + name + "'");
        }
        return name;
    }
}
