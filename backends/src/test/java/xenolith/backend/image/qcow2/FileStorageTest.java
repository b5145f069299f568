package xenolith.backend.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import xenolith.posix.Errno;

class FileStorageTest {
    /// What cannot be synced at all stands for storage that fails.
    @Test
    void aLossIsToldAtOnceAndFailsWhatComesAfter() {
        AtomicInteger told = new AtomicInteger();
        try (FileStorage storage = FileStorage.open(Path.of("/dev/null"), true)) {
            storage.onLoss(told::incrementAndGet);
            assertThat(storage.sync()).isEqualTo(-Errno.EINVAL);
            assertThat(told).hasValue(1);
            assertThat(storage.sync()).as("the host is not asked").isEqualTo(-Errno.EIO);
            assertThat(told).hasValue(1);
        }
    }
}
