package xenolith.backend.image;

import xenolith.posix.ByteLock;
import xenolith.posix.Fd;

/// Keeps two programs from writing one image: two kernels that do so destroy its file system. A writer has the image to
/// itself, readers share it. Held for as long as the descriptor is open.
///
/// Disks of ours know each other by `flock(2)`. QEMU and its tools do not look at that; they hold bytes far out in the file,
/// one for each thing they do (from 100) and one for each thing they let nobody else do (from 200), and look at those of
/// others. What we hold and look at is what QEMU does for a disk of a guest, as its `raw_check_lock_bytes` has it. Where the
/// host has no such locks, QEMU does without them, and so do we.
public final class ImageLock {
    private static final long DOES = 100;
    private static final long LETS_NOBODY = 200;
    /// `BLK_PERM_*`, as bit numbers.
    private static final int CONSISTENT_READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;

    private ImageLock() {
    }

    /// Takes the image, or what is held of it already in the other way. Returns false at once if anybody has it otherwise, of
    /// this process or of another; who is refused closes the descriptor, or takes it in the way he had it.
    ///
    /// @param shared to read only
    public static boolean tryTake(Fd fd, boolean shared) {
        if (shared) {
            // Before others see by the flock that we read only, and also if we cannot have that.
            sayWhetherWeWrite(fd, false);
        }
        if (!fd.tryLock(shared)) {
            return false;
        }
        // First held, then looked: of two who begin at once, one sees the other, or both do.
        ByteLock.share(fd, DOES + CONSISTENT_READ, true);
        if (!shared) {
            sayWhetherWeWrite(fd, true);
        }
        ByteLock.share(fd, LETS_NOBODY + WRITE, true);
        ByteLock.share(fd, LETS_NOBODY + RESIZE, true);
        return !isDoneByOthers(fd) && !isLetToNobody(fd, shared);
    }

    private static void sayWhetherWeWrite(Fd fd, boolean yes) {
        ByteLock.share(fd, DOES + WRITE, yes);
        ByteLock.share(fd, DOES + RESIZE, yes);
    }

    private static boolean isDoneByOthers(Fd fd) {
        return ByteLock.heldByOthers(fd, DOES + WRITE) || ByteLock.heldByOthers(fd, DOES + RESIZE);
    }

    private static boolean isLetToNobody(Fd fd, boolean shared) {
        return ByteLock.heldByOthers(fd, LETS_NOBODY + CONSISTENT_READ)
                || !shared && (ByteLock.heldByOthers(fd, LETS_NOBODY + WRITE)
                        || ByteLock.heldByOthers(fd, LETS_NOBODY + RESIZE));
    }
}
