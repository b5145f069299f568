package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import xenolith.posix.HostException;
import xenolith.posix.UnixSocket;

class DeviceHostTest {
    @TempDir
    private Path folder;

    @Test
    void onlyItsOwnerMayConnect() throws Exception {
        Path path = folder.resolve("socket");
        try (DeviceHost host = DeviceHost.listen(path, "vbd", null)) {
            assertThat(host).isNotNull();
            assertThat(Files.getPosixFilePermissions(path)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void aSocketOfNobodysIsTakenOverAndAnyOtherFileStays() throws Exception {
        Path path = folder.resolve("socket");
        UnixSocket.listen(path.toString(), 1).close();
        DeviceHost.listen(path, "vbd", null).close();
        Path file = Files.writeString(folder.resolve("file"), "somebody's");
        assertThatThrownBy(() -> DeviceHost.listen(file, "vbd", null)).isInstanceOf(HostException.class)
                .hasMessageContaining("EADDRINUSE");
        assertThat(file).hasContent("somebody's");
    }

    /// A link to nowhere stands for a socket whose rights cannot be set.
    @Test
    void aSocketThatCannotBeKeptFromOthersIsNotLeft() throws Exception {
        Path socket = folder.resolve("socket");
        Path path = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        UnixSocket listener = UnixSocket.listen(socket.toString(), 1);
        assertThatThrownBy(() -> DeviceHost.closeToOthers(path, listener)).isInstanceOf(UncheckedIOException.class);
        assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThatThrownBy(() -> UnixSocket.connect(socket.toString())).isInstanceOf(HostException.class)
                .hasMessageContaining("ECONNREFUSED");
    }
}
