package xenolith.tool.directory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import xenolith.tool.input.HostUnfitException;
import xenolith.tool.input.InputFiles;

/// The directory that holds a user's [RunDirectory]s: one for each domain that runs.
///
/// `/run/xenolith` for root, `$XDG_RUNTIME_DIR/xenolith` for others, and a directory of the user's own below the one for
/// temporary files where that is not set; `$XENOLITH_RUN_DIR` overrides all. Only its owner may look into it.
public record RunBase(Path path) {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNERS_FILE = PosixFilePermissions.fromString("rw-------");
    private static final String LOCK = ".lock";

    /// Where this user's domains are.
    public static RunBase ofUser() {
        String chosen = System.getenv("XENOLITH_RUN_DIR");
        if (chosen != null && !chosen.isEmpty()) {
            return new RunBase(InputFiles.path(chosen));
        }
        if (userId() == 0) {
            return new RunBase(Path.of("/run/xenolith"));
        }
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        if (runtime != null && !runtime.isEmpty()) {
            return new RunBase(InputFiles.path(runtime).resolve("xenolith"));
        }
        return new RunBase(Path.of(System.getProperty("java.io.tmpdir"), "xenolith-" + userId()));
    }

    private static int userId() {
        try {
            return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new HostUnfitException("cannot find out who runs this: " + e.getMessage(), e);
        }
    }

    /// Makes the directory if it is missing, and refuses one that others may look into.
    public void make() {
        try {
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectories(path.toAbsolutePath().getParent());
                createOwners(path);
            }
            checkOwner();
        } catch (IOException e) {
            throw new HostUnfitException("cannot make the directory for running domains, " + path + ": " + e
                    + "; XENOLITH_RUN_DIR names another", e);
        }
    }

    /// Refuses a directory that others have made or may look into: what is in it need not be what it seems. One that does
    /// not exist is fine.
    public void check() {
        try {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                checkOwner();
            }
        } catch (IOException e) {
            throw new HostUnfitException("cannot look at the directory of running domains, " + path + ": " + e, e);
        }
    }

    private void checkOwner() throws IOException {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                || (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS) != userId()) {
            throw new HostUnfitException(path + " is not a directory of this user's own");
        }
        if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(path))) {
            throw new HostUnfitException(path + " is open to others: chmod 700 it, or name another by XENOLITH_RUN_DIR");
        }
    }

    private static void createOwners(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (java.nio.file.FileAlreadyExistsException _) {
            // Another start was quicker.
        }
    }

    /// Takes the lock under which directories come and go, waiting for whoever has it. Closing the result gives it back.
    /// It keeps processes apart; the caller keeps its own threads apart.
    FileChannel lock() throws IOException {
        FileChannel channel = open(path.resolve(LOCK));
        channel.lock();
        return channel;
    }

    /// Opens a file that only the owner may touch, making it if it is missing.
    static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(OWNERS_FILE));
    }

    public static void makeDirectory(Path directory) throws IOException {
        createOwners(directory);
    }
}
