package xenolith.backend;

import java.util.Map;
import xenolith.abi.io.XenbusState;
import xenolith.xenstore.Caller;
import xenolith.xenstore.Quota;
import xenolith.xenstore.Store;
import xenolith.xenstore.StoreClient;

/// A guest's half of a device's handshake, played by a test over a real store with the guest's own rights.
public final class FakeFrontend implements AutoCloseable {
    public static final int DOMID = 1;

    public final StoreClient toolstack;
    private final StoreClient guest;
    private final DeviceId device;

    public FakeFrontend(DeviceId device) {
        Store store = new Store(Quota.DEFAULT);
        this.device = device;
        this.toolstack = StoreClient.of(store, Caller.DOM0);
        this.guest = StoreClient.of(store, Caller.guest(DOMID));
        device.create(toolstack, Map.of("virtual-device", "51712"), Map.of("mode", "w"));
    }

    public FakeFrontend write(String name, Object value) {
        guest.write(device.frontendPath() + '/' + name, value.toString());
        return this;
    }

    public void remove(String name) {
        guest.remove(device.frontendPath() + '/' + name);
    }

    public void go(XenbusState state) {
        write("state", state.value());
    }

    /// A node of the backend's as the guest reads it, or an empty text.
    public String backend(String name) {
        return guest.read(device.backendPath() + '/' + name).orElse("");
    }

    /// Waits for the backend to be in `state`.
    public void awaits(XenbusState state) {
        Eventually.is(Integer.toString(state.value()), () -> backend("state"));
    }

    /// From `Initialising` to a connection, as drivers do it.
    public void connect() {
        awaits(XenbusState.INIT_WAIT);
        go(XenbusState.INITIALISED);
        awaits(XenbusState.CONNECTED);
        go(XenbusState.CONNECTED);
    }

    @Override
    public void close() {
        toolstack.close();
        guest.close();
    }
}
