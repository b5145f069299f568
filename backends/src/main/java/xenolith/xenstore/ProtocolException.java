package xenolith.xenstore;

import java.io.IOException;

/// A client broke the rules of the wire so that its stream makes no sense any more. It is disconnected.
final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    ProtocolException(String reason) {
        super(reason);
    }
}
