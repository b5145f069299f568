package xenolith.backend.remote;

import java.nio.file.Path;
import xenolith.backend.remote.BackendSource.UnreachableException;
import xenolith.posix.HostException;
import xenolith.posix.PidFd;
import xenolith.posix.UnixSocket;

/// A connection to a device's process, and the process itself: what it has mapped of a guest is in use until that ends.
public final class Peer implements AutoCloseable {
    private static final int ROOT = 0;

    private final UnixSocket socket;
    /// A process's end, as [PidFd] tells it; a test has processes that are none.
    interface Life extends AutoCloseable {
        boolean awaitEnd(long timeoutNs);

        @Override
        void close();
    }

    private final int pid;
    private final Life process;
    private final Runnable kill;

    Peer(UnixSocket socket, int pid, Life process, Runnable kill) {
        this.socket = socket;
        this.pid = pid;
        this.process = process;
        this.kill = kill;
    }

    /// Connects to the process that listens at `path`, which must be this user's or root's.
    ///
    /// @param kill ends it at once, if it is ours to end
    /// @throws UnreachableException if nobody listens there, or another user's process
    public static Peer connect(Path path, Runnable kill) throws UnreachableException {
        UnixSocket socket;
        try {
            socket = UnixSocket.connect(path.toString());
        } catch (HostException | IllegalArgumentException e) {
            throw new UnreachableException(e.getMessage());
        }
        try {
            int uid = socket.peerUid();
            if (uid != UnixSocket.ownUid() && uid != ROOT) {
                throw new UnreachableException("user " + uid + " listens at " + path + ", who is not to have a guest");
            }
            // Were the number another's by now, the connection would be lost already, and this one is never used.
            int pid = socket.peerPid();
            return new Peer(socket, pid, life(PidFd.open(pid)), kill);
        } catch (HostException e) {
            socket.close();
            throw new UnreachableException(e.getMessage());
        } catch (UnreachableException e) {
            socket.close();
            throw e;
        }
    }

    private static Life life(PidFd process) {
        return new Life() {
            @Override
            public boolean awaitEnd(long timeoutNs) {
                return process.awaitEnd(timeoutNs);
            }

            @Override
            public void close() {
                process.close();
            }
        };
    }

    UnixSocket socket() {
        return socket;
    }

    /// Whether it has ended, waiting up to `timeoutNs` for that.
    boolean awaitEnd(long timeoutNs) {
        long deadline = System.nanoTime() + timeoutNs;
        do {
            if (process.awaitEnd(Math.max(0, deadline - System.nanoTime()))) {
                return true;
            }
        } while (System.nanoTime() < deadline);
        return false;
    }

    /// Whether this is a connection to the process of `other`, which has not ended.
    boolean isOfProcess(Peer other) {
        return pid == other.pid && !other.awaitEnd(0);
    }

    /// Ends it, if it is ours to end.
    void kill() {
        kill.run();
    }

    /// Forgets it. The socket belongs to the link by then.
    @Override
    public void close() {
        process.close();
    }
}
