package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.HostException;

/// Files whose lock is lost when it is to become weaker, as it may be where somebody waits for it.
class ExtentFilesTest {
    @TempDir
    private Path folder;
    private Path path;
    private RuntimeException failure;
    private boolean loses;
    private final ExtentFiles files = new ExtentFiles(this::tryLock);

    private boolean tryLock(Fd fd, boolean shared) {
        if (failure != null) {
            throw failure;
        }
        return !loses && fd.tryLock(shared);
    }

    @BeforeEach
    void makeFile() throws IOException {
        path = Files.write(folder.resolve("file"), new byte[8 * DiskImage.SECTOR_BYTES]);
    }

    private void isReadOn(Runnable trouble, Class<? extends Exception> refusal) {
        ExtentFiles.Open writing = files.acquire(path, true);
        ExtentFiles.Open reading = files.acquire(path, false);
        trouble.run();
        files.release(writing, true);
        assertThat(Requests.read(reading.image(false), 0, DiskImage.SECTOR_BYTES)).hasSize(DiskImage.SECTOR_BYTES);
        assertThatThrownBy(() -> files.acquire(path, false)).as("for another table").isInstanceOf(refusal);
        loses = false;
        failure = null;
        ExtentFiles.Open again = files.acquire(path, false);
        assertThatThrownBy(() -> RawImage.open(path, false)).as("locked again").isInstanceOf(DiskInUseException.class);
        files.release(again, false);
        files.release(reading, false);
        RawImage.open(path, false).close();
    }

    @Test
    void aFileWhoseLockAnotherHasTakenIsReadOnAndLetGoOf() {
        isReadOn(() -> loses = true, DiskInUseException.class);
    }

    @Test
    void soIsOneThatTheHostHasNoLockFor() {
        isReadOn(() -> failure = new HostException("flock", Errno.ENOMEM), BadImageException.class);
    }
}
