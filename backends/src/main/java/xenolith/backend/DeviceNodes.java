package xenolith.backend;

import java.util.Optional;

/// A device's two directories in the store as its driver sees them: ours, which the guest reads, and the frontend's,
/// which it writes. What is read from there is hostile.
public abstract class DeviceNodes {
    /// Longer values are none that a driver asks for.
    protected static final int MAX_VALUE_CHARS = 64;

    /// Writes a node of ours.
    public abstract void write(String name, String value);

    /// A node of the frontend's, unless it is missing, cannot be read, or is longer than any that we ask for.
    public abstract Optional<String> read(String name);

    public final void write(String name, long value) {
        write(name, Long.toString(value));
    }

    /// A number that the frontend wrote, in decimal.
    ///
    /// @throws FrontendException if it is there and is no number from `min` to `max`
    public final Optional<Long> readNumber(String name, long min, long max) throws FrontendException {
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
    public final long require(String name, long min, long max) throws FrontendException {
        return readNumber(name, min, max).orElseThrow(() -> new FrontendException("'" + name + "' is missing"));
    }
}
