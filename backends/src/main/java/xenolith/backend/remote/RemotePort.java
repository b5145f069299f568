package xenolith.backend.remote;

import xenolith.posix.EventFd;
import xenolith.vmm.port.EventPort;

/// An event channel of another process's domain: one eventfd each way.
final class RemotePort implements EventPort {
    private final Link link;
    private final int guestPort;
    private final EventFd kick;
    private final EventFd call;

    RemotePort(Link link, int guestPort, EventFd kick, EventFd call) {
        this.link = link;
        this.guestPort = guestPort;
        this.kick = kick;
        this.call = call;
    }

    @Override
    public void notifyGuest() {
        call.signal();
    }

    @Override
    public void onNotification(Runnable listener) {
        link.unwatch(kick);
        link.watch(kick, listener);
    }

    /// The driver's threads use it no more.
    @Override
    public void close() {
        link.unwatch(kick);
        try (Call question = link.call(Wire.UNBIND)) {
            question.out().putInt(guestPort);
            question.ask(0);
        } catch (LinkLostException _) {
            // The machine is gone, and the guest with it.
        }
        kick.close();
        call.close();
    }
}
