package xenolith.xenstore;

import java.io.IOException;

/// The client has ended its connection, as it may at any time: no fault of anybody's.
public final class ClientGoneException extends IOException {
    private static final long serialVersionUID = 1L;

    public ClientGoneException(String reason) {
        super(reason);
    }
}
