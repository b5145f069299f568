package xenolith.tool.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.device.DeviceKind.Taken;
import xenolith.tool.device.HostedDevice;
import xenolith.tool.input.BadInputException;

class ChannelsTest {
    private static final String LOG = "name=log,connection=file,path=guest.log";

    @TempDir
    Path folder;
    private Path log;
    private final Channels channels = new Channels(null, 1);

    @BeforeEach
    void aLog() throws Exception {
        log = Files.writeString(folder.resolve("guest.log"), "precious\n");
    }

    @Test
    void aRefusedChannelTouchesNothingOfTheHosts() {
        assertThatThrownBy(() -> channels.open(LOG, folder, new Taken(Set.of(1L), Set.of("log"))))
                .isInstanceOf(BadInputException.class).hasMessage("there is a channel log already");
        assertThatThrownBy(() -> channels.open("name=log,path=new.sock", folder, new Taken(Set.of(1L), Set.of("log"))))
                .hasMessage("there is a channel log already");
        Set<Long> all = new LinkedHashSet<>(LongStream.rangeClosed(1, 9).boxed().toList());
        assertThatThrownBy(() -> channels.open("name=b,connection=file,path=new.log", folder, new Taken(all, Set.of())))
                .hasMessage("a domain has at most 9 channels");
        assertThat(log).hasContent("precious\n");
        assertThat(folder).isDirectoryNotContaining(file -> file.getFileName().toString().startsWith("new"));
    }

    @Test
    void aFileThatHoldsSomethingIsGoneOnWith() throws Exception {
        for (String text : List.of("more\n", "and more\n")) {
            HostedDevice opened = channels.open(LOG, folder, new Taken(Set.of(1L, 3L), Set.of("other")));
            assertThat(opened.id().number()).isEqualTo(2);
            ((Channel) opened).end().write(text.getBytes(), 0, text.length());
            opened.close();
        }
        assertThat(log).hasContent("precious\nmore\nand more\n");
    }
}
