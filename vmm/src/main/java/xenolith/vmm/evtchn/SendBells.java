package xenolith.vmm.evtchn;

/// Lets the host's kernel tell a backend of what the guest sends, so that a send costs the guest no exit.
///
/// Both methods are called with the lock of [EventChannels].
public interface SendBells {
    /// A host that cannot: each send is heard by the VMM.
    SendBells NONE = new SendBells() {
        @Override
        public boolean connect(int port, int eventFd) {
            return false;
        }

        @Override
        public void disconnect(int port, int eventFd) {
        }
    };

    /// From now on a send on `port` may signal `eventFd`, and nobody else hears of it. False if the host refuses: then
    /// all sends are heard as before.
    boolean connect(int port, int eventFd);

    /// Ends a connection that was made. A host that fails here is logged, and the port closes all the same.
    void disconnect(int port, int eventFd);
}
