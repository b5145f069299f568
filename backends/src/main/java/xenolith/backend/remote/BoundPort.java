package xenolith.backend.remote;

import xenolith.posix.EventFd;
import xenolith.vmm.port.EventPort;

/// An event channel as two eventfds, which a device's process has copies of.
final class BoundPort implements AutoCloseable {
    private final EventPort port;
    /// Wakes the device's process.
    private final EventFd kick = EventFd.create();
    /// Signalled by it, to be sent on to the guest.
    private final EventFd call = EventFd.create();
    private boolean closed;

    BoundPort(EventPort port) {
        this.port = port;
        port.onNotification(this::kick);
    }

    EventPort port() {
        return port;
    }

    EventFd kickEvent() {
        return kick;
    }

    EventFd callEvent() {
        return call;
    }

    /// The guest has sent. On a vcpu's thread, which may be here still when the port is closed by another.
    private synchronized void kick() {
        if (!closed) {
            kick.signal();
        }
    }

    @Override
    public void close() {
        port.close();
        synchronized (this) {
            if (!closed) {
                closed = true;
                kick.close();
                call.close();
            }
        }
    }
}
