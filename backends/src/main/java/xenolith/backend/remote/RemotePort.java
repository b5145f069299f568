package xenolith.backend.remote;

import java.lang.foreign.Arena;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;
import xenolith.vmm.port.EventPort;

/// An event channel of another process's domain: [BoundPort]'s other end.
final class RemotePort implements EventPort, Link.Signal {
    /// Messages taken in one go; what is left is heard in the next round.
    private static final int TAKEN_IN_A_ROW = 64;

    private final Link link;
    private final int guestPort;
    private final UnixSocket kick;
    private final EventFd call;
    private final Iovec message = new Iovec(1);
    private boolean over;

    RemotePort(Link link, int guestPort, UnixSocket kick, EventFd call) {
        this.link = link;
        this.guestPort = guestPort;
        this.kick = kick;
        this.call = call;
        message.add(Arena.ofAuto().allocate(1), 0, 1);
    }

    @Override
    public void notifyGuest() {
        call.signal();
    }

    @Override
    public void onNotification(Runnable listener) {
        link.unwatch(this);
        link.watch(this, listener);
    }

    /// Not watched any more once the machine has closed its end.
    @Override
    public int raw() {
        return over ? -1 : kick.raw();
    }

    @Override
    public boolean take() {
        int count = 0;
        long result = 1;
        while (count < TAKEN_IN_A_ROW && result > 0) {
            result = kick.receive(message);
            count += result > 0 ? 1 : 0;
        }
        over |= result <= 0 && result != -Errno.EAGAIN;
        return count > 0;
    }

    /// The driver's threads use it no more.
    @Override
    public void close() {
        link.unwatch(this);
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
