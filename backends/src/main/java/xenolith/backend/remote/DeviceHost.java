package xenolith.backend.remote;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import xenolith.posix.Errno;
import xenolith.posix.HostException;
import xenolith.posix.Poll;
import xenolith.posix.UnixSocket;

/// A process that serves one device: listens on a socket and serves one machine at a time.
///
/// It answers a machine's greeting only after it has let go of all that an earlier connection gave it: by that a machine
/// knows, when a connection was lost, that its guest's pages are touched no more.
public final class DeviceHost implements AutoCloseable {
    private static final Logger LOG = System.getLogger(DeviceHost.class.getName());
    private static final int ROOT = 0;
    /// `S_IFMT` and `S_IFSOCK` of `<sys/stat.h>`.
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_SOCKET = 0xc000;

    private final Path path;
    private final UnixSocket listener;
    private final String kind;
    private final DriverFactory factory;

    private DeviceHost(Path path, UnixSocket listener, String kind, DriverFactory factory) {
        this.path = path;
        this.listener = listener;
        this.kind = kind;
        this.factory = factory;
    }

    /// Listens at `path`, taking over a socket on which nobody listens any more. Only its owner may connect.
    ///
    /// @throws HostException if it cannot: of EADDRINUSE where somebody listens there
    /// @throws UncheckedIOException if it cannot be kept from others
    public static DeviceHost listen(Path path, String kind, DriverFactory factory) {
        removeIfStale(path);
        UnixSocket listener = UnixSocket.listen(path.toString(), 4);
        closeToOthers(path, listener);
        return new DeviceHost(path, listener, kind, factory);
    }

    /// If that cannot be, nothing is left.
    static void closeToOthers(Path path, UnixSocket listener) {
        try {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            listener.close();
            remove(path);
            throw new UncheckedIOException(e);
        }
    }

    private static void removeIfStale(Path path) {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            UnixSocket.connect(path.toString()).close();
        } catch (HostException e) {
            // Which is what connecting to any other file gives too.
            if (e.errno() == Errno.ECONNREFUSED && isSocket(path)) {
                remove(path);
            }
        }
    }

    private static boolean isSocket(Path path) {
        try {
            return ((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & TYPE_MASK) == TYPE_SOCKET;
        } catch (IOException e) {
            return false;
        }
    }

    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot remove {0}: {1}", path, e.getMessage());
        }
    }

    /// Serves the next machine to its end. Returns false if none came within `timeoutNs`; a negative one waits for ever.
    public boolean serveOne(long timeoutNs) {
        long deadline = System.nanoTime() + timeoutNs;
        for (;;) {
            Poll poll = new Poll(1);
            poll.add(listener.raw(), Poll.POLLIN);
            poll.await(timeoutNs < 0 ? -1 : Math.max(0, deadline - System.nanoTime()));
            UnixSocket socket = listener.accept();
            if (socket != null && isAllowed(socket)) {
                String reason = new ServedDevice(socket, kind, factory).run();
                LOG.log(Level.DEBUG, "the machine is gone: {0}", reason);
                return true;
            }
            if (timeoutNs >= 0 && System.nanoTime() >= deadline) {
                return false;
            }
        }
    }

    private static boolean isAllowed(UnixSocket socket) {
        int uid = socket.peerUid();
        if (uid == UnixSocket.ownUid() || uid == ROOT) {
            return true;
        }
        LOG.log(Level.WARNING, "user {0} is not to use this device", uid);
        socket.close();
        return false;
    }

    @Override
    public void close() {
        listener.close();
        remove(path);
    }
}
