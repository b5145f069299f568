package xenolith.backend;

import java.util.Optional;
import xenolith.abi.io.XenbusState;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.XenstoreException;

/// The directories where they are, with what the handshake needs of them besides.
final class StoreNodes extends DeviceNodes {
    private final StoreClient store;
    private final String backend;
    private final String frontend;

    StoreNodes(StoreClient store, DeviceId device) {
        this.store = store;
        this.backend = device.backendPath();
        this.frontend = device.frontendPath();
    }

    @Override
    public void write(String name, String value) {
        store.write(backend + '/' + name, value);
    }

    @Override
    public Optional<String> read(String name) {
        return value(frontend + '/' + name).filter(value -> value.length() <= MAX_VALUE_CHARS);
    }

    String frontendStatePath() {
        return frontend + "/state";
    }

    XenbusState frontendState() {
        return value(frontendStatePath()).map(XenbusState::parse).orElse(XenbusState.UNKNOWN);
    }

    /// Writes `state`, unless the toolstack has removed the directory.
    void backendState(XenbusState state) {
        writeIfThere("state", Integer.toString(state.value()));
    }

    /// Says why the device is closed, in `error`.
    void error(String reason) {
        writeIfThere("error", reason);
    }

    /// Writes a node of ours, unless the toolstack has removed the directory.
    void writeIfThere(String name, String value) {
        store.transaction(transaction -> {
            if (transaction.exists(backend)) {
                transaction.write(backend + '/' + name, value);
            }
            return null;
        });
    }

    /// Whether the toolstack wants the device to be there.
    boolean isOnline() {
        return value(backend + "/online").filter("1"::equals).isPresent();
    }

    boolean exists() {
        return store.exists(backend);
    }

    private Optional<String> value(String path) {
        try {
            return store.read(path);
        } catch (XenstoreException _) {
            return Optional.empty();
        }
    }
}
