package xenolith.xenstore.socket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.abi.io.XsWire;
import xenolith.socket.UnixListener;
import xenolith.xenstore.Quota;
import xenolith.xenstore.Store;
import xenolith.xenstore.StoreClient;
import xenolith.xenstore.Transport;
import xenolith.xenstore.XenstoreServer;

/// Real sockets, real bytes. Nothing here depends on how long anything takes.
@Timeout(60)
class XenstoreSocketTest {
    private static final Quota FEW_EVENTS = new Quota(1000, 128, 10, 2048, 5, 1024, 20, 64);

    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private XenstoreServer server;
    private XenstoreSocket socket;
    private StoreClient java;

    @BeforeEach
    void open() throws IOException {
        open(Quota.DEFAULT, XenstoreSocket.Limits.DEFAULT);
    }

    private void open(Quota quota, XenstoreSocket.Limits limits) throws IOException {
        close();
        server = new XenstoreServer(new Store(quota));
        server.start();
        java = server.client();
        socket = XenstoreSocket.open(server, path(), limits);
    }

    @AfterEach
    void close() throws IOException {
        if (socket != null) {
            socket.close();
            server.close();
            java.close();
            Files.deleteIfExists(path());
        }
    }

    private Path path() {
        return folder.resolve("xenstore.sock");
    }

    private SocketClient client() throws IOException {
        return SocketClient.connect(path(), LONG);
    }

    private SocketChannel raw() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(path()));
    }

    private static ByteBuffer message(int type, int reqId, String payload) {
        ByteBuffer bytes = ByteBuffer.allocate((int) XsWire.SIZEOF + payload.length());
        MemorySegment header = MemorySegment.ofArray(bytes.array());
        XsWire.type(header, 0, type);
        XsWire.reqId(header, 0, reqId);
        XsWire.len(header, 0, payload.length());
        bytes.put((int) XsWire.SIZEOF, payload.getBytes(ISO_8859_1));
        return bytes;
    }

    private static void writeAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /// Reads until the server closes.
    private static boolean isClosed(SocketChannel channel) throws IOException {
        ByteBuffer sink = ByteBuffer.allocate(4096);
        try {
            while (channel.read(sink.clear()) >= 0) {
                assertThat(sink.position()).isNotNegative();
            }
        } catch (IOException _) {
            // Reset rather than ended: what we had sent was not all read.
        }
        return true;
    }

    @Test
    void aClientHasTheRightsOfDomainZero() throws IOException {
        try (SocketClient client = client()) {
            client.write("/a/b", "one".getBytes(ISO_8859_1));
            assertThat(java.read("/a/b")).contains("one");
            assertThat(client.read("/a/b")).isEqualTo("one".getBytes(ISO_8859_1));
            client.makeDirectory("/a/c");
            assertThat(client.directory("/a")).containsExactly("b", "c");
            client.setPermissions("/a/b", List.of("n7", "r8"));
            assertThat(client.permissions("/a/b")).containsExactly("n7", "r8");
            client.remove("/a/b");
            assertThat(client.directory("/a")).containsExactly("c");
        }
    }

    @Test
    void aRefusalNamesItsError() throws IOException {
        try (SocketClient client = client()) {
            assertThatThrownBy(() -> client.read("/none")).isInstanceOfSatisfying(StoreRefusedException.class,
                    e -> assertThat(e.error()).isEqualTo("ENOENT"));
            assertThatThrownBy(() -> client.read("/n//")).isInstanceOfSatisfying(StoreRefusedException.class,
                    e -> assertThat(e.error()).isEqualTo("EINVAL"));
        }
    }

    @Test
    void aListLongerThanAMessageIsTakenInParts() throws IOException {
        java.transaction(store -> {
            for (int i = 0; i < 3000; i++) {
                store.write("/many/name-" + i, "");
            }
            return null;
        });
        try (SocketClient client = client()) {
            assertThat(client.directory("/many")).isEqualTo(java.list("/many")).hasSize(3000);
        }
    }

    @Test
    void watchesTellOfOthersChanges() throws IOException {
        try (SocketClient client = client()) {
            client.watch("/w", "t");
            assertThat(client.nextEvent(LONG)).isEqualTo(new SocketClient.Event("/w", "t"));
            java.write("/w/x", "1");
            assertThat(client.nextEvent(LONG)).isEqualTo(new SocketClient.Event("/w/x", "t"));
        }
    }

    @Test
    void aTransactionIsMadeAgainAfterAConflict() throws IOException {
        java.write("/n", "1");
        int[] attempts = {0};
        try (SocketClient client = client()) {
            client.transaction(() -> {
                String value = new String(client.read("/n"), ISO_8859_1);
                if (attempts[0]++ == 0) {
                    java.write("/n", "5");
                }
                client.write("/n", (value + "!").getBytes(ISO_8859_1));
            });
        }
        assertThat(attempts[0]).isEqualTo(2);
        assertThat(java.read("/n")).contains("5!");
    }

    @Test
    void aStreamMayBeCutAnywhere() throws IOException {
        java.write("/a", "value");
        try (SocketChannel channel = raw()) {
            ByteBuffer requests = ByteBuffer.allocate(200);
            for (int i = 0; i < 5; i++) {
                requests.put(message(XsWire.XS_READ, i, "/a\0"));
            }
            requests.flip();
            while (requests.hasRemaining()) {
                channel.write(requests.slice(requests.position(), 1));
                requests.position(requests.position() + 1);
            }
            ByteBuffer answers = ByteBuffer.allocate(5 * ((int) XsWire.SIZEOF + 5));
            while (answers.hasRemaining()) {
                assertThat(channel.read(answers)).isPositive();
            }
            assertThat(new String(answers.array(), ISO_8859_1)).endsWith("value");
            assertThat(XsWire.reqId(MemorySegment.ofArray(answers.array()), answers.capacity() - XsWire.SIZEOF - 5))
                    .isEqualTo(4);
        }
    }

    @Test
    void aClientThatGoesInTheMidstOfAMessageIsForgotten() throws IOException {
        try (SocketChannel channel = raw()) {
            channel.write(message(XsWire.XS_WRITE, 1, "/half\0value").limit(20));
        }
        try (SocketClient client = client()) {
            assertThat(client.directory("/")).isEmpty();
        }
    }

    @Test
    void aMessageLongerThanTheWireAllowsEndsTheConnectionAlone() throws IOException {
        try (SocketChannel channel = raw(); SocketClient other = client()) {
            ByteBuffer bytes = message(XsWire.XS_READ, 1, "");
            XsWire.len(MemorySegment.ofArray(bytes.array()), 0, XsWire.XENSTORE_PAYLOAD_MAX + 1);
            writeAll(channel, bytes);
            assertThat(isClosed(channel)).isTrue();
            assertThat(other.directory("/")).isEmpty();
        }
    }

    @Test
    void aClientThatDoesNotReadItsEventsIsDropped() throws IOException {
        open(FEW_EVENTS, XenstoreSocket.Limits.DEFAULT);
        try (SocketChannel channel = raw()) {
            writeAll(channel, message(XsWire.XS_WATCH, 1, "/flood\0t\0"));
            String longName = "x".repeat(1500);
            // More than all buffers between hold: the queue overflows however the sockets are made.
            for (int i = 0; i < 4000; i++) {
                java.write("/flood/" + longName + i, "");
            }
            assertThat(isClosed(channel)).isTrue();
        }
    }

    @Test
    void aClientThatDoesNotReadItsRepliesIsDroppedInTheEnd() throws Exception {
        open(Quota.DEFAULT, new XenstoreSocket.Limits(8, Duration.ofMillis(50)));
        java.write("/big", "v".repeat(4000));
        try (SocketChannel channel = raw()) {
            channel.configureBlocking(false);
            ByteBuffer request = message(XsWire.XS_READ, 1, "/big\0");
            // Until its requests are taken no more and the server has given it up.
            boolean alive = true;
            while (alive) {
                try {
                    if (channel.write(request) == 0) {
                        Thread.sleep(1);
                    }
                    if (!request.hasRemaining()) {
                        request.rewind();
                    }
                } catch (IOException _) {
                    alive = false;
                }
            }
        }
        try (SocketClient other = client()) {
            assertThat(other.directory("/")).containsExactly("big");
        }
    }

    @Test
    void aClientTooManyIsClosedAndARoomThatGetsFreeIsUsed() throws Exception {
        open(Quota.DEFAULT, new XenstoreSocket.Limits(2, Duration.ofSeconds(30)));
        try (SocketClient first = client()) {
            assertThat(first.directory("/")).isEmpty();
            try (SocketClient second = client(); SocketChannel third = raw()) {
                assertThat(second.directory("/")).isEmpty();
                assertThat(isClosed(third)).isTrue();
            }
            boolean served = false;
            while (!served) {
                try (SocketClient next = client()) {
                    served = next.directory("/").isEmpty();
                } catch (UncheckedIOException _) {
                    Thread.sleep(5);
                }
            }
            assertThat(first.directory("/")).isEmpty();
        }
    }

    @Test
    void whatAClientLeftOpenIsUndoneWhenItGoes() throws IOException {
        try (SocketChannel channel = raw()) {
            writeAll(channel, message(XsWire.XS_TRANSACTION_START, 1, "\0"));
            writeAll(channel, message(XsWire.XS_WATCH, 2, "/x\0t\0"));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            assertThat(channel.read(answer)).isPositive();
        }
        java.write("/x", "1");
        try (SocketClient client = client()) {
            assertThat(client.directory("/")).containsExactly("x");
        }
    }

    /// As a process that is stopped: it has the socket, and nobody serves it.
    @Test
    void aStoreThatDoesNotAnswerIsNotWaitedForWithoutEnd() throws IOException {
        Path stopped = folder.resolve("stopped.sock");
        try (UnixListener listener = XenstoreSocket.bind(stopped, XenstoreSocket.Limits.DEFAULT);
                SocketClient client = SocketClient.connect(stopped, Duration.ofMillis(50))) {
            assertThatThrownBy(() -> client.read("/")).isInstanceOf(UncheckedIOException.class)
                    .hasCauseInstanceOf(SocketTimeoutException.class);
            assertThat(listener).isNotNull();
        }
    }

    @Test
    void whoWaitsForAnEventIsNotHeldForEver() throws IOException {
        try (SocketClient client = client()) {
            client.watch("/quiet", "t");
            assertThat(client.nextEvent(LONG)).isEqualTo(new SocketClient.Event("/quiet", "t"));
            assertThat(client.nextEvent(Duration.ofMillis(20))).isNull();
            java.write("/quiet", "no more");
            assertThat(client.nextEvent(LONG)).isEqualTo(new SocketClient.Event("/quiet", "t"));
        }
    }

    @Test
    void aDomainThatWasReleasedCanBeIntroducedAgainByItsRing() throws IOException {
        server.introduce(9, new XenstoreServer.DomainRing(100, 3, SilentTransport::new));
        try (SocketChannel toolstack = raw()) {
            assertThat(answer(toolstack, XsWire.XS_INTRODUCE, "9\0" + "7\0" + "7\0")).isEqualTo("OK");
            assertThat(answer(toolstack, XsWire.XS_RELEASE, "9\0")).isEqualTo("OK");
            assertThat(server.isIntroduced(9)).isFalse();
            assertThat(answer(toolstack, XsWire.XS_RELEASE, "9\0")).isEqualTo("ENOENT");
            assertThat(answer(toolstack, XsWire.XS_INTRODUCE, "9\0" + "101\0" + "3\0")).isEqualTo("EINVAL");
            assertThat(answer(toolstack, XsWire.XS_INTRODUCE, "9\0" + "100\0" + "3\0")).isEqualTo("OK");
            assertThat(server.isIntroduced(9)).isTrue();
            assertThat(answer(toolstack, XsWire.XS_INTRODUCE, "10\0" + "1\0" + "1\0")).isEqualTo("ENOENT");
            server.forget(9);
            assertThat(answer(toolstack, XsWire.XS_INTRODUCE, "9\0" + "100\0" + "3\0")).isEqualTo("ENOENT");
        }
    }

    @Test
    void theStoresOwnCommandsCanBeGiven() throws IOException {
        try (SocketClient client = client()) {
            assertThat(client.control(List.of("quota", "set", "nodes", "7"))).isEqualTo("OK");
            assertThat(client.control(List.of("quota"))).contains("nodes            :        7 ");
            assertThatThrownBy(() -> client.control(List.of("dance"))).isInstanceOf(StoreRefusedException.class);
        }
    }

    private static String answer(SocketChannel channel, int type, String payload) throws IOException {
        writeAll(channel, message(type, 1, payload));
        ByteBuffer head = ByteBuffer.allocate((int) XsWire.SIZEOF);
        readAll(channel, head);
        ByteBuffer body = ByteBuffer.allocate(XsWire.len(MemorySegment.ofArray(head.array()), 0));
        readAll(channel, body);
        return new String(body.array(), ISO_8859_1).replace("\0", "");
    }

    private static void readAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            assertThat(channel.read(bytes)).isPositive();
        }
    }

    /// A guest that says nothing.
    private static final class SilentTransport implements Transport {
        @Override
        public void onReady(Runnable wake) {
        }

        @Override
        public int receive(byte[] to, int offset, int byteLength) {
            return 0;
        }

        @Override
        public int send(byte[] from, int offset, int byteLength) {
            return byteLength;
        }

        @Override
        public void close(String fault) {
        }
    }
}
