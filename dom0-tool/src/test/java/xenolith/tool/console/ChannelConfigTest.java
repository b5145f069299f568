package xenolith.tool.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.tool.console.ChannelConfig.Connection;
import xenolith.tool.input.BadInputException;

class ChannelConfigTest {
    @Test
    void aChannelIsASocketUnlessItSaysOtherwise() {
        assertThat(ChannelConfig.parse("name=org.a,path=s")).isEqualTo(
                new ChannelConfig("org.a", Connection.SOCKET, Path.of("s")));
        assertThat(ChannelConfig.parse("connection=socket,path=/run/s,name=a")).isEqualTo(
                new ChannelConfig("a", Connection.SOCKET, Path.of("/run/s")));
        assertThat(ChannelConfig.parse("name=a,connection=pty")).isEqualTo(new ChannelConfig("a", Connection.PTY, null));
        assertThat(ChannelConfig.parse("name=a,connection=file,path=x").connection()).isEqualTo(Connection.FILE);
        assertThat(ChannelConfig.parse("name=a,path=s", Path.of("/tmp")).path()).isEqualTo(Path.of("/tmp/s"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "name=a | a channel needs a path",
        "name=a,path=b,connection=pty | has no path",
        "name=a,path=b,connection=tcp | is socket, pty or file, not 'tcp'",
        "path=b | letters, digits",
        "name=a/b,path=b | letters, digits",
        "name=a,path=b,name=c | no 'name=c' at that place",
        "name=a,b | no 'b' at that place",
        "'' | no '' at that place"})
    void whatMakesNoSenseIsRefused(String text, String reason) {
        assertThatThrownBy(() -> ChannelConfig.parse(text)).isInstanceOf(BadInputException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void noTwoChannelsHaveOneName() {
        assertThat(ChannelConfig.parseAll(List.of("name=a,path=b", "name=c,path=d"))).hasSize(2);
        assertThatThrownBy(() -> ChannelConfig.parseAll(List.of("name=a,path=b", "name=a,path=d")))
                .hasMessage("two channels are called a");
    }
}
