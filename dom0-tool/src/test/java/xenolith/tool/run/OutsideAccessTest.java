package xenolith.tool.run;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.directory.RunBase;
import xenolith.tool.directory.RunDirectory;
import xenolith.tool.input.HostUnfitException;

class OutsideAccessTest {
    @TempDir
    Path folder;

    @Test
    void socketsThatCannotBeMadeAreSaidBeforeAnythingRuns() throws Exception {
        try (RunDirectory directory = RunDirectory.claim(new RunBase(folder.resolve("run")), "web")) {
            Files.writeString(directory.controlSocket(), "in the way");
            assertThatThrownBy(() -> OutsideAccess.Sockets.bind(directory)).isInstanceOf(HostUnfitException.class)
                    .hasMessageContaining("cannot make the domain's sockets");
            Files.delete(directory.controlSocket());
            Files.delete(directory.xenstoreSocket());
            OutsideAccess.Sockets.bind(directory).close();
        }
    }
}
