package xenolith.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TapQueuesTest {
    @Test
    void theQueuesThatAreOpenAreCountedInOneDirection(@TempDir Path folder) throws IOException {
        for (String name : new String[] {"rx-0", "rx-1", "tx-0", "tx-1"}) {
            Files.createDirectory(folder.resolve(name));
        }
        assertThat(Tap.queueCount(folder)).isEqualTo(2);
        assertThat(Tap.queueCount(folder.resolve("nowhere"))).isZero();
    }
}
