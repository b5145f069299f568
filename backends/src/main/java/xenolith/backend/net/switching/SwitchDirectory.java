package xenolith.backend.net.switching;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.UnixSocket;

/// Who is on a switch: the directory with its ports' sockets, `0.port` to `63.port`.
final class SwitchDirectory {
    static final int MAX_PORTS = 64;

    private static final String LOCK = ".lock";
    private static final String SUFFIX = ".port";
    /// More than there can be ports, so that a connection is refused only by who does not live.
    private static final int BACKLOG = 2 * MAX_PORTS;
    /// Whoever has the lock makes a few calls that do not wait.
    private static final long LOCK_PATIENCE_NS = 5_000_000_000L;
    private static final long LOCK_CHECK_MS = 2;

    private final Path path;

    /// @param path belongs to this user alone
    SwitchDirectory(Path path) {
        this.path = path;
    }

    /// A new port: its own socket, and connections to all others.
    record Joined(Path name, UnixSocket listener, List<UnixSocket> peers) {
        private void close() {
            listener.close();
            peers.forEach(UnixSocket::close);
        }
    }

    /// Throws [HostException] if there are [#MAX_PORTS] already, or the directory cannot be used.
    Joined join() {
        try (Fd _ = lock()) {
            List<UnixSocket> peers = new ArrayList<>();
            try {
                Path free = connect(peers);
                return new Joined(free, UnixSocket.listen(free.toString(), BACKLOG), peers);
            } catch (RuntimeException e) {
                peers.forEach(UnixSocket::close);
                throw e;
            }
        }
    }

    /// Connects to every port that lives, and returns the name of the first that does not.
    private Path connect(List<UnixSocket> peers) {
        Path free = null;
        for (int i = 0; i < MAX_PORTS; i++) {
            Path name = path.resolve(i + SUFFIX);
            if (!Files.exists(name) || !connect(name, peers)) {
                free = free == null ? name : free;
            }
        }
        if (free == null) {
            throw new HostException("a switch of " + MAX_PORTS + " ports, " + path, Errno.ENOSPC);
        }
        return free;
    }

    /// Returns false for what is left of a port that is no more.
    private static boolean connect(Path name, List<UnixSocket> peers) {
        UnixSocket peer;
        try {
            peer = UnixSocket.connect(name.toString());
        } catch (HostException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                remove(name);
                return false;
            }
            // It lives and takes no more: a process that stands still. Then it is without us.
            return true;
        }
        if (peer.peerUid() != UnixSocket.ownUid()) {
            peer.close();
        } else {
            peers.add(peer);
        }
        return true;
    }

    /// Takes a port's name back, which only its own process does while it lives.
    void leave(Joined port) {
        try (Fd _ = lock()) {
            remove(port.name());
            port.listener().close();
        } catch (HostException _) {
            // The next that joins will find nobody behind the name, if there is a directory at all.
            port.close();
        }
    }

    private static void remove(Path name) {
        try {
            Files.deleteIfExists(name);
        } catch (IOException e) {
            throw unusable(name, e);
        }
    }

    private Fd lock() {
        Path file = path.resolve(LOCK);
        create(file);
        Fd lock = Fd.open(file.toString(), Fd.O_RDWR);
        long deadline = System.nanoTime() + LOCK_PATIENCE_NS;
        while (!lock.tryLock(false)) {
            if (System.nanoTime() >= deadline || !slept()) {
                lock.close();
                throw new HostException("the lock of the switch " + path, Errno.EBUSY);
            }
        }
        return lock;
    }

    private static void create(Path file) {
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        } catch (FileAlreadyExistsException _) {
            // As it should be.
        } catch (IOException e) {
            throw unusable(file, e);
        }
    }

    private static HostException unusable(Path file, IOException e) {
        return new HostException(file.toString(), switch (e) {
            case NoSuchFileException _ -> Errno.ENOENT;
            case AccessDeniedException _ -> Errno.EACCES;
            default -> Errno.EIO;
        });
    }

    private static boolean slept() {
        try {
            Thread.sleep(LOCK_CHECK_MS);
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
