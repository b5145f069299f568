package xenolith.backend.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;

/// The files that a disk of extents has open, each once, however many of its tables and extents use it: a table that
/// comes and one that goes may share a file. All of it under its own monitor.
///
/// A file is locked by a descriptor of its own, as the lock must become stronger or weaker while data moves: it is
/// shared while the file is only read, else exclusive.
final class ExtentFiles {
    private final Map<Object, Open> open = new HashMap<>();
    /// Of any file, also of one that no table names any more.
    private final StorageLoss loss = new StorageLoss();

    /// A file in use.
    static final class Open {
        private final Object identity;
        private final Path path;
        private final Fd lock;
        private RawImage reader;
        private RawImage writer;
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
                file.writer.onLoss(loss::happened);
            } else if (!writable && file.reader == null) {
                if (file.users == 0) {
                    lock(file, true);
                }
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

    private static void lock(Open file, boolean shared) {
        if (!file.lock.tryLock(shared)) {
            throw new DiskInUseException(file.path);
        }
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

    /// Holds no more than is needed.
    private void weaken(Open file) {
        if (file.users == 0) {
            open.remove(file.identity);
            if (file.reader != null) {
                file.reader.close();
            }
            file.lock.close();
        } else if (file.writers == 0) {
            lock(file, true);
        }
    }

    void onLoss(Runnable action) {
        loss.tell(action);
    }

    /// Waits until all that was written to any of them is on the storage. Returns 0 or `-errno`.
    synchronized int flush() {
        int result = loss.isKnown() ? -Errno.EIO : 0;
        for (Open file : open.values()) {
            int flushed = file.writer == null ? 0 : file.writer.flush();
            result = result < 0 ? result : flushed;
        }
        return result;
    }
}
