package xenolith.backend.image;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiPredicate;
import xenolith.posix.Fd;
import xenolith.posix.HostException;

/// The files that a disk of extents has open, each once, however many of its tables and extents use it: a table that
/// comes and one that goes may share a file. All of it under its own monitor.
///
/// A file is locked by a descriptor of its own, as the lock must become stronger or weaker while data moves: it is
/// shared while the file is only read, else exclusive.
final class ExtentFiles {
    private static final Logger LOG = System.getLogger(ExtentFiles.class.getName());

    private final Map<Object, Open> open = new HashMap<>();
    private final BiPredicate<Fd, Boolean> tryLock;
    /// Of any file, also of one that no table names any more.
    private final LostWrites lostWrites = new LostWrites();

    ExtentFiles() {
        this(ImageLock::tryTake);
    }

    /// @param tryLock as [ImageLock#tryTake]
    ExtentFiles(BiPredicate<Fd, Boolean> tryLock) {
        this.tryLock = tryLock;
    }

    /// A file in use.
    static final class Open {
        private final Object identity;
        private final Path path;
        private final Fd lock;
        private RawImage reader;
        private RawImage writer;
        private boolean locked;
        private int users;
        private int writers;

        private Open(Object identity, Path path, Fd lock) {
            this.identity = identity;
            this.path = path;
            this.lock = lock;
        }

        DiskImage image(boolean writable) {
            return writable ? writer : reader;
        }
    }

    /// @throws BadImageException  if it cannot be opened
    /// @throws DiskInUseException if another disk has it
    synchronized Open acquire(Path path, boolean writable) {
        Open file = known(path);
        try {
            if (writable && file.writers == 0) {
                lock(file, false);
                file.writer = RawImage.openUnlocked(path, false);
                file.writer.onLoss(lostWrites::happened);
            } else if (!file.locked) {
                lock(file, true);
            }
            if (!writable && file.reader == null) {
                file.reader = RawImage.openUnlocked(path, true);
            }
        } catch (HostException e) {
            weaken(file);
            throw new BadImageException(path, "cannot be opened: " + e.getMessage());
        } catch (DiskInUseException e) {
            weaken(file);
            throw e;
        }
        file.users++;
        file.writers += writable ? 1 : 0;
        return file;
    }

    private Open known(Path path) {
        try {
            Object identity = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            Open file = open.get(identity);
            if (file == null) {
                file = new Open(identity, path, Fd.open(path.toString(), Fd.O_RDONLY | Fd.O_NONBLOCK));
                open.put(identity, file);
            }
            return file;
        } catch (IOException | HostException e) {
            throw new BadImageException(path, "cannot be opened: " + e.getMessage());
        }
    }

    /// A lock of the other kind that cannot be had leaves none.
    private void lock(Open file, boolean shared) {
        file.locked = false;
        if (!tryLock.test(file.lock, shared)) {
            throw new DiskInUseException(file.path);
        }
        file.locked = true;
    }

    synchronized void release(Open file, boolean writable) {
        file.users--;
        if (writable && --file.writers == 0) {
            // Somebody may yet ask for a flush of what was written under the table that is gone.
            file.writer.flush();
            file.writer.close();
            file.writer = null;
        }
        weaken(file);
    }

    /// Holds no more than is needed. A lock goes from exclusive to shared by way of none, and somebody who waits for it may
    /// be quicker. Those who read the file cannot help it, and go on; whoever comes to use it is refused.
    private void weaken(Open file) {
        if (file.users == 0) {
            open.remove(file.identity);
            if (file.reader != null) {
                file.reader.close();
            }
            file.lock.close();
        } else if (file.writers == 0) {
            try {
                lock(file, true);
            } catch (HostException | DiskInUseException e) {
                LOG.log(Level.WARNING, file.path + " is read on without a lock: " + e.getMessage());
            }
        }
    }

    void onLoss(Runnable action) {
        lostWrites.tell(action);
    }

    /// Waits until all that was written to any of them is on the storage. Returns 0 or `-errno`.
    synchronized int flush() {
        int result = lostWrites.result();
        for (Open file : open.values()) {
            int flushed = file.writer == null ? 0 : file.writer.flush();
            result = result < 0 ? result : flushed;
        }
        return result;
    }
}
