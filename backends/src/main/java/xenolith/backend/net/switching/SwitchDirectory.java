package xenolith.backend.net.switching;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
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
    /// So many may come, and go again, to a port whose process stands still; the host may allow fewer
    /// (`net.core.somaxconn`). Who comes then reaches it later.
    private static final int BACKLOG = 4096;
    /// Whoever has the lock makes a few calls that do not wait.
    private static final long LOCK_PATIENCE_NS = 5_000_000_000L;
    private static final long LOCK_CHECK_MS = 2;

    private final Path path;

    /// @param path belongs to this user alone
    SwitchDirectory(Path path) {
        this.path = path;
    }

    /// A new port: its own socket, and connections to all others.
    ///
    /// @param unreached who lives, and could take no connection yet; [#reach] tries again
    record Joined(Path name, UnixSocket listener, List<UnixSocket> peers, List<Unreached> unreached) {
        void close() {
            listener.close();
            peers.forEach(UnixSocket::close);
        }
    }

    /// @param fileKey tells its socket from a later one of the same name, which comes to us by itself
    record Unreached(Path name, Object fileKey) {
    }

    /// Throws [HostException] if there are [#MAX_PORTS] already, or the directory cannot be used.
    Joined join() {
        try (Fd _ = lock()) {
            List<UnixSocket> peers = new ArrayList<>();
            List<Unreached> unreached = new ArrayList<>();
            try {
                Path free = connect(peers, unreached);
                return new Joined(free, UnixSocket.listen(free.toString(), BACKLOG), peers, unreached);
            } catch (RuntimeException e) {
                peers.forEach(UnixSocket::close);
                throw e;
            }
        }
    }

    /// Connects to every port that lives, and returns the name of the first that does not.
    private Path connect(List<UnixSocket> peers, List<Unreached> unreached) {
        Path free = null;
        for (int i = 0; i < MAX_PORTS; i++) {
            Path name = path.resolve(i + SUFFIX);
            if (!Files.exists(name) || !connect(name, peers, unreached)) {
                free = free == null ? name : free;
            }
        }
        if (free == null) {
            throw new HostException("a switch of " + MAX_PORTS + " ports, " + path, Errno.ENOSPC);
        }
        return free;
    }

    /// Returns false for what is left of a port that is no more.
    private static boolean connect(Path name, List<UnixSocket> peers, List<Unreached> unreached) {
        try {
            UnixSocket peer = UnixSocket.connect(name.toString());
            if (isOurs(peer)) {
                peers.add(peer);
            }
            return true;
        } catch (HostException e) {
            switch (e.errno()) {
                case Errno.ECONNREFUSED -> {
                    remove(name);
                    return false;
                }
                case Errno.EAGAIN -> unreached.add(new Unreached(name, fileKey(name)));
                case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS -> throw e;
                default -> { } // Nothing that we could talk to, and nothing of ours to remove.
            }
            return true;
        }
    }

    /// Another user's is closed.
    private static boolean isOurs(UnixSocket peer) {
        try {
            if (peer.peerUid() == UnixSocket.ownUid()) {
                return true;
            }
        } catch (HostException _) {
            // It has gone already, as far as we are concerned.
        }
        peer.close();
        return false;
    }

    private static Object fileKey(Path name) {
        try {
            return Files.readAttributes(name, BasicFileAttributes.class).fileKey();
        } catch (IOException _) {
            return null;
        }
    }

    /// Connects to those whom a port has not reached yet, without waiting for the lock. Those that are reached, or gone,
    /// are taken off its list.
    List<UnixSocket> reach(Joined port) {
        List<UnixSocket> reached = new ArrayList<>();
        List<Unreached> still = new ArrayList<>();
        try (Fd lock = openLock()) {
            if (lock.tryLock(false)) {
                for (Unreached one : port.unreached()) {
                    if (one.fileKey() != null && one.fileKey().equals(fileKey(one.name()))) {
                        connect(one.name(), reached, still);
                    }
                }
                port.unreached().clear();
                port.unreached().addAll(still);
            }
        } catch (HostException _) {
            // Of no use now; the next time it may be.
        }
        return reached;
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

    private Fd openLock() {
        Path file = path.resolve(LOCK);
        create(file);
        return Fd.open(file.toString(), Fd.O_RDWR);
    }

    private Fd lock() {
        Fd lock = openLock();
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
