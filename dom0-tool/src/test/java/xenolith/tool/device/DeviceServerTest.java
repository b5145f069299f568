package xenolith.tool.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.input.BadInputException;

class DeviceServerTest {
    @TempDir
    private Path folder;

    /// Names that are none, too long, in no folder, and another file's.
    @Test
    void whatWasOpenedIsClosedOnceIfItCannotBeListenedFor() throws Exception {
        Files.createFile(folder.resolve("file"));
        AtomicInteger closed = new AtomicInteger();
        for (String socket : new String[] {"a\0b", "", "x".repeat(200), folder + "/nowhere/socket", folder + "/file"}) {
            closed.set(0);
            assertThatThrownBy(() -> DeviceServer.listen(socket, "xvda", "vbd", null, closed::incrementAndGet), socket)
                    .isInstanceOf(BadInputException.class);
            assertThat(closed).as(socket).hasValue(1);
        }
        assertThat(folder.resolve("file")).exists();
    }
}
