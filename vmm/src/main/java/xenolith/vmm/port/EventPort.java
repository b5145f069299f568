package xenolith.vmm.port;

/// A backend's end of an interdomain event channel (`xen/event_channel.h`).
public interface EventPort extends AutoCloseable {
    /// Marks the guest's end pending and wakes the guest, as `EVTCHNOP_send` does. May be called by any thread.
    void notifyGuest();

    /// Says what to run when the guest sends on its end. It runs on a thread of the machine, in the middle of the
    /// guest's hypercall: it must only wake somebody and return.
    void onNotification(Runnable listener);

    /// As above; but where the host's kernel can, it adds to the counter of `eventFd` in the listener's place, while
    /// the guest goes on: then a send costs no exit. Both ways are used, whichever is cheaper at the time. The caller
    /// keeps the descriptor open until [#close] has returned. Until then the first one stays: a later call changes the
    /// listener and nothing else, whatever descriptor it names.
    default void onNotification(Runnable listener, int eventFd) {
        onNotification(listener);
    }

    /// Ends the connection: the guest's end is unbound again, nothing is heard any more, and nobody is notified.
    @Override
    void close();
}
