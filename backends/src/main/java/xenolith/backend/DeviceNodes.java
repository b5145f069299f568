package xenolith.backend;

import java.util.Optional;
import xenolith.abi.io.XenbusState;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.XenstoreException;

/// A device's two directories in the store: ours, which the guest reads, and the frontend's, which it writes. What is
/// read from there is hostile.
public final class DeviceNodes {
    private static final int MAX_VALUE_CHARS = 64;

    private final StoreClient store;
    private final String backend;
    private final String frontend;

    DeviceNodes(StoreClient store, DeviceId device) {
        this.store = store;
        this.backend = device.backendPath();
        this.frontend = device.frontendPath();
    }

    /// Writes a node of ours.
    public void write(String name, String value) {
        store.write(backend + '/' + name, value);
    }

    public void write(String name, long value) {
        write(name, Long.toString(value));
    }

    /// A node of the frontend's, unless it is missing, cannot be read, or is longer than any that we ask for.
    public Optional<String> read(String name) {
        return value(frontend + '/' + name).filter(value -> value.length() <= MAX_VALUE_CHARS);
    }

    /// A number that the frontend wrote, in decimal.
    ///
    /// @throws FrontendException if it is there and is no number from `min` to `max`
    public Optional<Long> readNumber(String name, long min, long max) throws FrontendException {
        Optional<String> text = read(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            long value = Long.parseLong(text.get().strip());
            if (value >= min && value <= max) {
                return Optional.of(value);
            }
        } catch (NumberFormatException _) {
            // Said below.
        }
        throw new FrontendException("'" + name + "' is no number from " + min + " to " + max);
    }

    /// A number without which the device cannot work.
    public long require(String name, long min, long max) throws FrontendException {
        return readNumber(name, min, max).orElseThrow(() -> new FrontendException("'" + name + "' is missing"));
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

    private void writeIfThere(String name, String value) {
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
