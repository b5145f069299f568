package xenolith.backend.image.qcow2;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import xenolith.backend.image.BadImageException;
import xenolith.backend.image.DiskInUseException;
import xenolith.backend.image.FileMove;
import xenolith.backend.image.ImageLock;
import xenolith.backend.image.LostWrites;
import xenolith.posix.Fd;
import xenolith.posix.HostException;
import xenolith.posix.Iovec;

/// A file, or block device, that holds an image: locked for as long as it is open.
final class FileStorage implements Storage {
    private final Fd fd;
    private final boolean isFile;
    /// Nobody knows any more what is on the storage then, and a later success would be no proof.
    private final LostWrites lostWrites = new LostWrites();

    private FileStorage(Fd fd, boolean isFile) {
        this.fd = fd;
        this.isFile = isFile;
    }

    /// @throws BadImageException  if it is there, but nothing that can hold an image, or cannot be opened
    /// @throws DiskInUseException if another disk has it
    static FileStorage open(Path path, boolean readOnly) {
        try {
            // Does not block on a FIFO that has come there since the caller looked.
            Fd fd = Fd.open(path.toString(), (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | Fd.O_NONBLOCK);
            try {
                fd.end();
                if (!ImageLock.tryTake(fd, readOnly)) {
                    throw new DiskInUseException(path);
                }
                return new FileStorage(fd, Files.readAttributes(path,
                        BasicFileAttributes.class).isRegularFile());
            } catch (RuntimeException | IOException e) {
                fd.close();
                throw e;
            }
        } catch (HostException | IOException e) {
            throw new BadImageException(path, "cannot be opened: " + e.getMessage());
        }
    }

    @Override
    public long byteLength() {
        return fd.end();
    }

    @Override
    public boolean growsWithZeros() {
        return isFile;
    }

    @Override
    public long read(Iovec to, long offset) {
        return FileMove.readAsEndless(fd, to, offset);
    }

    @Override
    public int write(Iovec from, long offset) {
        return FileMove.all(fd, from, offset, true);
    }

    @Override
    public int sync() {
        return lostWrites.sync(fd);
    }

    @Override
    public void onLoss(Runnable action) {
        lostWrites.tell(action);
    }

    @Override
    public int punchHole(long offset, long byteLength) {
        return fd.punchHole(offset, byteLength);
    }

    @Override
    public void close() {
        fd.close();
    }
}
