package xenolith.backend.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.posix.Errno;
import xenolith.posix.Fd;

class LostWritesTest {
    @TempDir
    private Path folder;

    /// What cannot be synced at all stands for storage that fails.
    @Test
    void whatIsLostStaysLostThoughTheNextSyncWouldSucceed() throws IOException {
        LostWrites lost = new LostWrites();
        try (Fd sound = Fd.open(Files.createFile(folder.resolve("sound")).toString(), Fd.O_RDWR);
                Fd failing = Fd.open("/dev/null", Fd.O_RDWR)) {
            assertThat(lost.sync(sound)).isZero();
            assertThat(lost.result()).isZero();
            assertThat(lost.sync(failing)).isEqualTo(-Errno.EINVAL);
            assertThat(lost.sync(sound)).isEqualTo(-Errno.EIO);
            assertThat(lost.result()).isEqualTo(-Errno.EIO);
        }
    }

    @Test
    void aFlushThatSomebodyElseMadeCountsToo() {
        LostWrites lost = new LostWrites();
        assertThat(lost.noted(0)).isZero();
        assertThat(lost.result()).isZero();
        assertThat(lost.noted(-Errno.ENOSPC)).isEqualTo(-Errno.ENOSPC);
        assertThat(lost.noted(0)).as("what came of this one").isZero();
        assertThat(lost.result()).isEqualTo(-Errno.EIO);
    }
}
