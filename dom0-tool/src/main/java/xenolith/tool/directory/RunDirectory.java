package xenolith.tool.directory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.DomainName;
import xenolith.tool.input.HostUnfitException;

/// The directory of one running domain: `xenstore.sock`, `control.sock`, `pid`, and `lock`, which the process holds for
/// as long as it lives.
///
/// A directory whose lock nobody holds is what a killed process left; the next domain of that name takes it over. All
/// directories come and go under their base's lock, so nobody finds one half made. At every end but SIGKILL the
/// directory is removed, by [#close] or by a shutdown hook.
public final class RunDirectory implements AutoCloseable {
    public static final String XENSTORE_SOCKET = "xenstore.sock";
    public static final String CONTROL_SOCKET = "control.sock";
    public static final String PID = "pid";
    private static final String LOCK = "lock";
    /// `sun_path` of a Unix socket, without its zero.
    private static final int MAX_SOCKET_PATH = 107;
    /// How many domains without a name of their own one user may run.
    private static final int MAX_UNNAMED = 10_000;

    private final RunBase base;
    private final String name;
    private final FileChannel lock;
    private final Thread remover = new Thread(this::remove, "run-directory-remover");
    private boolean removed;

    private RunDirectory(RunBase base, String name, FileChannel lock) {
        this.base = base;
        this.name = name;
        this.lock = lock;
    }

    /// Takes the directory of a domain that is to be called `name`.
    ///
    /// Throws [BadInputException] if a domain of that name runs already.
    public static RunDirectory claim(String name) {
        return claim(RunBase.ofUser(), name);
    }

    /// As [#claim], for a domain whose name does not matter: `prefix`, or with a number behind it, whichever is free.
    public static RunDirectory claimFree(String prefix) {
        return claimFree(RunBase.ofUser(), prefix);
    }

    public static RunDirectory claim(RunBase base, String name) {
        RunDirectory directory = tryClaim(base, DomainName.checked(name));
        if (directory == null) {
            throw new BadInputException("a domain called " + name + " is running already");
        }
        return directory;
    }

    static RunDirectory claimFree(RunBase base, String prefix) {
        for (int i = 1; i <= MAX_UNNAMED; i++) {
            RunDirectory directory = tryClaim(base, i == 1 ? prefix : prefix + '-' + i);
            if (directory != null) {
                return directory;
            }
        }
        throw new BadInputException("there are " + MAX_UNNAMED + " domains without a name already");
    }

    /// Returns null if the name is taken.
    private static RunDirectory tryClaim(RunBase base, String name) {
        base.make();
        Path path = base.path().resolve(name);
        if (path.resolve(XENSTORE_SOCKET).toString().length() > MAX_SOCKET_PATH) {
            throw new BadInputException("the directory " + path + " has too long a name for sockets in it");
        }
        synchronized (RunDirectory.class) {
            try (FileChannel _ = base.lock()) {
                RunBase.makeDirectory(path);
                // A process that closes a file loses all its locks of it: do not even open a lock of our own.
                FileChannel lock = isOurs(path) ? null : heldOrNull(path.resolve(LOCK));
                if (lock == null) {
                    return null;
                }
                RunDirectory directory = new RunDirectory(base, name, lock);
                directory.begin();
                return directory;
            } catch (IOException e) {
                throw new HostUnfitException("cannot make the directory " + path + ": " + e, e);
            }
        }
    }

    /// Whether this very process has it, rather than a dead one that had our number.
    private static boolean isOurs(Path path) throws IOException {
        Path pid = path.resolve(PID);
        return Files.exists(pid) && Files.readString(pid).equals(ownPid())
                && Files.getLastModifiedTime(pid).toInstant().isAfter(StartClock.startInstant());
    }

    private static FileChannel heldOrNull(Path file) throws IOException {
        FileChannel lock = RunBase.open(file);
        if (lock.tryLock() == null) {
            lock.close();
            return null;
        }
        return lock;
    }

    private static String ownPid() {
        return ProcessHandle.current().pid() + "\n";
    }

    private void begin() throws IOException {
        deleteSockets();
        Files.writeString(path().resolve(PID), ownPid());
        Runtime.getRuntime().addShutdownHook(remover);
    }

    /// All of them, those of processes that serve devices too.
    private void deleteSockets() throws IOException {
        try (DirectoryStream<Path> sockets = Files.newDirectoryStream(path(), "*.sock")) {
            for (Path socket : sockets) {
                Files.deleteIfExists(socket);
            }
        }
    }

    public String name() {
        return name;
    }

    public Path path() {
        return base.path().resolve(name);
    }

    public Path xenstoreSocket() {
        return path().resolve(XENSTORE_SOCKET);
    }

    public Path controlSocket() {
        return path().resolve(CONTROL_SOCKET);
    }

    /// Removes the directory. A second call does nothing.
    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(remover);
        } catch (IllegalStateException _) {
            // The JVM is shutting down: the hook finds nothing left to do.
        }
    }

    private void remove() {
        synchronized (RunDirectory.class) {
            if (removed) {
                return;
            }
            removed = true;
            try (FileChannel _ = base.lock()) {
                deleteSockets();
                for (String file : List.of(PID, LOCK)) {
                    Files.deleteIfExists(path().resolve(file));
                }
                Files.deleteIfExists(path());
                lock.close();
            } catch (IOException e) {
                // What stays is found stale by the next domain of this name.
                System.err.println("xenolith: cannot remove " + path() + ": " + e);
            }
        }
    }
}
