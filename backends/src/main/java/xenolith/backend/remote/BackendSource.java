package xenolith.backend.remote;

/// Where a device's process comes from: it is started, or somebody else has started it.
public interface BackendSource {
    /// A connection to a process that waits for one, made anew after the last one's process has ended. May take a while.
    ///
    /// @throws UnreachableException with the reason, in a line, if there is none now
    Peer connect() throws UnreachableException;

    /// Whether it is ours to end: one that does not do what it is asked is killed.
    boolean isOurs();

    /// There is none now.
    final class UnreachableException extends Exception {
        private static final long serialVersionUID = 1L;

        public UnreachableException(String reason) {
            super(reason);
        }
    }
}
