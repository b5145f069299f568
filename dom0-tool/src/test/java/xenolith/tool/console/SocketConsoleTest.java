package xenolith.tool.console;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SocketConsoleTest {
    @TempDir
    Path folder;
    private SocketConsole console;

    @BeforeEach
    void open() throws IOException {
        console = SocketConsole.open(path());
    }

    @AfterEach
    void close() {
        console.close();
    }

    private Path path() {
        return folder.resolve("channel.sock");
    }

    private SocketChannel client() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(path()));
    }

    private CompletableFuture<String> reading() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                byte[] bytes = new byte[100];
                int count = console.read(bytes);
                return count < 0 ? null : new String(bytes, 0, count, US_ASCII);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private void print(String text) {
        console.write(text.getBytes(US_ASCII), 0, text.length());
    }

    @Test
    void aClientTalksWithTheGuest() throws Exception {
        CompletableFuture<String> read = reading();
        try (SocketChannel client = client()) {
            client.write(ByteBuffer.wrap("hello".getBytes(US_ASCII)));
            assertThat(read.get()).isEqualTo("hello");
            print("answer");
            ByteBuffer answer = ByteBuffer.allocate(100);
            client.read(answer);
            assertThat(new String(answer.array(), 0, answer.position(), US_ASCII)).isEqualTo("answer");
        }
    }

    @Test
    void afterOneClientComesTheNext() throws Exception {
        CompletableFuture<String> next;
        try (SocketChannel first = client()) {
            first.write(ByteBuffer.wrap("first".getBytes(US_ASCII)));
            assertThat(reading().get()).isEqualTo("first");
            next = reading();
        }
        try (SocketChannel second = client()) {
            second.write(ByteBuffer.wrap("second".getBytes(US_ASCII)));
            assertThat(next.get()).isEqualTo("second");
        }
    }

    @Test
    void nobodyAndWhoReadsNothingHoldUpNoGuest() throws Exception {
        print("to nobody");
        CompletableFuture<String> read = reading();
        try (SocketChannel client = client()) {
            client.write(ByteBuffer.wrap("a".getBytes(US_ASCII)));
            read.get();
            for (int i = 0; i < 10_000; i++) {
                print("x".repeat(1000));
            }
            ByteBuffer some = ByteBuffer.allocate(1 << 20);
            client.read(some);
            assertThat(some.get(0)).isEqualTo((byte) 'x');
        }
    }

    @Test
    void theEndEndsTheReaderAndRemovesTheSocket() throws Exception {
        CompletableFuture<String> read = reading();
        console.close();
        assertThat(read.get()).isNull();
        assertThat(path()).doesNotExist();
    }

    @Test
    void aSocketInUseIsRefusedAndOneThatIsLeftIsReplaced() throws Exception {
        assertThatThrownBy(() -> SocketConsole.open(path())).isInstanceOf(IOException.class);
        Path left = folder.resolve("left.sock");
        try (var listener = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(left));
        }
        SocketConsole.open(left).close();
        Path file = Files.writeString(folder.resolve("file"), "precious");
        assertThatThrownBy(() -> SocketConsole.open(file)).isInstanceOf(IOException.class);
        assertThat(file).hasContent("precious");
    }
}
