package xenolith.tool.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ControlServerTest {
    private static final DomainStatus STATUS = new DomainStatus("web", 1, 42, 256L << 20, 512L << 20, 2, 4,
            DomainStatus.State.BLOCKED, 12_345_678_901L);

    @TempDir
    Path folder;
    private ControlServer server;
    private final CountDownLatch destroyed = new CountDownLatch(1);

    @BeforeEach
    void open() throws IOException {
        server = ControlServer.open(socket(), new ControlServer.Target() {
            @Override
            public DomainStatus status() {
                return STATUS;
            }

            @Override
            public void destroy() {
                destroyed.countDown();
            }
        });
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Path socket() {
        return folder.resolve("control.sock");
    }

    private String raw(String... pieces) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            for (String piece : pieces) {
                channel.write(ByteBuffer.wrap(piece.getBytes(UTF_8)));
            }
            ByteBuffer answer = ByteBuffer.allocate(4096);
            int count = channel.read(answer);
            return count < 0 ? null : new String(answer.array(), 0, count, UTF_8);
        }
    }

    @Test
    void aStatusArrivesAsItWasSent() throws IOException {
        try (ControlClient client = ControlClient.connect(socket())) {
            assertThat(DomainStatus.of(client.ask("status"))).isEqualTo(STATUS);
            assertThat(DomainStatus.of(client.ask("status"))).isEqualTo(STATUS);
        }
    }

    @Test
    void aDestroyReachesTheDomain() throws Exception {
        try (ControlClient client = ControlClient.connect(socket())) {
            assertThat(client.ask("destroy")).isEmpty();
        }
        destroyed.await();
    }

    @Test
    void waitingEndsWithTheDomain() throws IOException {
        try (ControlClient client = ControlClient.connect(socket())) {
            assertThat(client.awaitEnd(Duration.ofMillis(20))).isFalse();
        }
        try (ControlClient client = ControlClient.connect(socket())) {
            server.close();
            assertThat(client.awaitEnd(Duration.ofSeconds(30))).isTrue();
        }
    }

    @Test
    void aLineMayComeInPieces() throws IOException {
        assertThat(raw("{\"do\":", " \"status\"", "}\n")).startsWith("{\"name\":\"web\"").endsWith("}\n");
    }

    @Test
    void nonsenseIsAnsweredWithAnError() throws IOException {
        assertThat(raw("hello\n")).contains("error");
        assertThat(raw("{\"do\":\"dance\"}\n")).contains("no such command");
        assertThat(raw("{\"do\":3}\n")).contains("no such command");
        assertThat(raw("[".repeat(2000) + "\n")).contains("error");
        assertThatThrownBy(() -> {
            try (ControlClient client = ControlClient.connect(socket())) {
                client.ask("dance");
            }
        }).isInstanceOf(ControlException.class).hasMessageContaining("no such command");
    }

    @Test
    void anEndlessLineEndsItsConnection() throws IOException {
        assertThat(raw("x".repeat(ControlServer.MAX_LINE_BYTES))).isNull();
        assertThat(raw("{\"do\":\"status\"}\n")).isNotNull();
    }

    @Test
    void jsonIsReadBackAsItWasWritten() throws IOException {
        assertThat(Json.parse(Json.line(STATUS.fields()))).hasSize(9).containsEntry("cpu_time_ns", 12_345_678_901L);
        assertThat(Json.parse("{\"a\":[1,\"x\",true,{\"b\":1.5}]}").get("a").toString()).isEqualTo("[1, x, true, {b=1.5}]");
        assertThatThrownBy(() -> Json.parse("{} {}")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Json.parse("[]")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Json.parse("{\"a\":1")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Json.parse("{\"a\":null}")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Json.parse("{\"a\":99999999999999999999}")).isInstanceOf(IOException.class);
    }
}
