package xenolith.backend.remote;

import java.lang.foreign.Arena;
import xenolith.posix.EventFd;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;
import xenolith.vmm.port.EventPort;

/// An event channel, and the way to and from the device's process that serves it now.
///
/// Neither way can be made to wait by that process. What wakes it is a socket, on which each call says for itself that it
/// does not wait; one that is full has woken it already. It is shut in the other direction, for with a message come
/// descriptors, and closing one of those may take as long as its maker likes. What it signals is an eventfd, which carries
/// nothing but a number and is read by a call that never waits.
final class BoundPort implements AutoCloseable, Link.Signal {
    private final EventPort port;
    private final Iovec message = new Iovec(1);
    /// To the process, and from it; null while there is none.
    private UnixSocket kick;
    private EventFd call;

    BoundPort(EventPort port) {
        this.port = port;
        message.add(Arena.ofAuto().allocate(1), 0, 1);
        port.onNotification(this::kick);
    }

    EventPort port() {
        return port;
    }

    /// Connects it with a process, and with no earlier one any more. Returns the process's end, which is to be sent and
    /// closed; [#callDescriptor] goes with it.
    synchronized UnixSocket connect() {
        hangUp();
        UnixSocket.Pair pair = UnixSocket.messagePair();
        try {
            pair.first().stopReceiving();
            call = EventFd.create();
        } catch (RuntimeException e) {
            pair.close();
            throw e;
        }
        kick = pair.first();
        return pair.second();
    }

    synchronized int callDescriptor() {
        return call.raw();
    }

    /// The guest has sent. On a vcpu's thread, which may be here still when the port is closed by another. Who is not
    /// there looks at the rings when it comes.
    private synchronized void kick() {
        if (kick != null) {
            kick.send(message);
        }
    }

    @Override
    public synchronized int raw() {
        return call == null ? -1 : call.raw();
    }

    @Override
    public synchronized boolean take() {
        return call != null && call.drainShared() != 0;
    }

    /// Disconnects it from the process, whose link watches it no more.
    synchronized void hangUp() {
        if (kick != null) {
            kick.close();
            call.close();
            kick = null;
            call = null;
        }
    }

    @Override
    public void close() {
        port.close();
        hangUp();
    }
}
