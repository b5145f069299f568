package xenolith.backend;

import java.util.function.Consumer;

/// What a kind of device does when the two halves meet. Called by the device's own thread only ([XenbusBackend]), but for
/// [DeviceCounters].
public interface DeviceDriver extends DeviceCounters {
    /// Writes what the backend can do, for a frontend that is about to look.
    void offer(DeviceNodes nodes);

    /// Reads what the frontend has chosen, connects to its rings and serves them; then writes what there is to say of
    /// the device. A failure leaves nothing connected.
    ///
    /// @param onFault takes the reason, from any thread, when the connection cannot go on
    /// @throws FrontendException if what the frontend wrote cannot be
    void connect(DeviceNodes nodes, Consumer<String> onFault) throws FrontendException;

    /// Writes anew what there is to say of a connected device that may have changed while it is in use, as a disk's size.
    /// The frontend is told afterwards.
    default void describe(DeviceNodes nodes) {
    }

    /// Ends the connection: when it returns no page of the guest's is touched any more. Does nothing if there is none.
    void disconnect();
}
