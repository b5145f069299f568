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
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.tool.device.DeviceControl;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.Json;

@Timeout(60)
class ControlServerTest {
    private static final DomainStatus STATUS = new DomainStatus("web", 1, 42, 256L << 20, 512L << 20, 2, 4,
            DomainStatus.State.BLOCKED, 12_345_678_901L);

    @TempDir
    Path folder;
    private ControlServer server;
    private final CountDownLatch destroyed = new CountDownLatch(1);
    private final FakeDevices devices = new FakeDevices();

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

            @Override
            public DeviceControl devices() {
                return devices;
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
    void aRequestThatTakesLongHoldsUpNobodyElse() throws Exception {
        try (ControlClient slow = ControlClient.connect(socket()); ControlClient quick = ControlClient.connect(socket())) {
            CompletableFuture<Map<String, Object>> attached = CompletableFuture.supplyAsync(() -> slow.ask(
                    Map.of("do", "attach", "kind", "disk", "device", "a", "directory", "/", "timeout_ms", 7L),
                    Duration.ofSeconds(50)));
            devices.asked.await();
            assertThat(DomainStatus.of(quick.ask("status"))).isEqualTo(STATUS);
            assertThat(attached).isNotDone();
            devices.go.countDown();
            assertThat(attached.get()).containsEntry("name", "disk a in / within 7");
        }
    }

    @Test
    void linesBehindALongOneAreAnsweredInTheirOrder() throws IOException {
        devices.go.countDown();
        String long1 = "{\"do\":\"list\",\"kind\":\"disk\"}\n";
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            channel.write(ByteBuffer.wrap((long1 + "{\"do\":\"dance\"}\n" + long1).getBytes(UTF_8)));
            StringBuilder answers = new StringBuilder();
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            while (answers.chars().filter(c -> c == '\n').count() < 3 && channel.read(buffer.clear()) >= 0) {
                answers.append(UTF_8.decode(buffer.flip()));
            }
            assertThat(answers.toString()).isEqualTo("{\"devices\":[]}\n"
                    + "{\"error\":\"the domain's process knows no such command\"}\n{\"devices\":[]}\n");
        }
        assertThat(raw("{\"do\":\"status\"}\n")).contains("web");
    }

    @Test
    void whatIsWrongWithARequestForDevicesIsSaid() throws IOException {
        devices.go.countDown();
        try (ControlClient client = ControlClient.connect(socket())) {
            assertThatThrownBy(() -> client.ask(Map.of("do", "list"), Duration.ofSeconds(50)))
                    .isInstanceOf(BadInputException.class).hasMessageContaining("no text 'kind'");
            assertThatThrownBy(() -> client.ask(Map.of("do", "detach", "kind", "disk", "name", "b", "timeout_ms", -1L),
                    Duration.ofSeconds(50))).isInstanceOf(BadInputException.class).hasMessageContaining("timeout_ms");
            assertThatThrownBy(() -> client.ask(Map.of("do", "detach", "kind", "disk", "name", "b", "timeout_ms", 1L),
                    Duration.ofSeconds(50))).isInstanceOf(ControlException.class).hasMessage("b is in use");
            assertThatThrownBy(() -> client.ask(Map.of("do", "change", "kind", "disk", "name", "b", "wanted", Map.of(),
                    "directory", "/"), Duration.ofSeconds(50))).isInstanceOf(BadInputException.class);
            assertThat(client.ask(Map.of("do", "ask", "kind", "nic", "name", "vif0", "question", Map.of("op", "list"),
                    "directory", "/", "timeout_ms", 1L), Duration.ofSeconds(50)))
                    .containsExactly(Map.entry("asked", "nic vif0 {op=list} in /"));
        }
    }

    /// Devices that do what they are asked when the test says so.
    private static final class FakeDevices implements DeviceControl {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);

        @Override
        public Map<String, Object> attach(String kind, String text, Path directory, Duration patience)
                throws InterruptedException {
            asked.countDown();
            go.await();
            return Map.of("name", kind + " " + text + " in " + directory + " within " + patience.toMillis());
        }

        @Override
        public String detach(String kind, String name, boolean force, Duration patience) {
            throw new ControlException(name + " is in use");
        }

        @Override
        public List<Map<String, Object>> list(String kind) {
            return List.of();
        }

        @Override
        public String change(String kind, String name, Map<String, String> wanted, Path directory) {
            throw new BadInputException(name + " cannot be " + wanted);
        }

        @Override
        public Map<String, Object> ask(String kind, String name, Map<String, Object> question, Path directory) {
            return Map.of("asked", kind + " " + name + " " + question + " in " + directory);
        }
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
