package xenolith.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class UnixListenerTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path folder;
    private UnixListener listener;
    private final AtomicBoolean refuse = new AtomicBoolean();

    @BeforeEach
    void bind() throws IOException {
        listener = UnixListener.bind(socket(), "listener", 2);
    }

    @AfterEach
    void close() {
        listener.close();
    }

    private Path socket() {
        return folder.resolve("s");
    }

    private void start() {
        listener.start(this::echo);
    }

    /// Gives back what it gets.
    private UnixListener.Client echo(SocketChannel channel, SelectionKey key) {
        if (refuse.getAndSet(false)) {
            throw new IllegalStateException("a fault of the service's");
        }
        key.interestOps(SelectionKey.OP_READ);
        return () -> {
            try {
                ByteBuffer bytes = ByteBuffer.allocate(100);
                if (channel.read(bytes) < 0) {
                    channel.close();
                }
                if (bytes.position() > 0 && bytes.get(0) == '!') {
                    throw new IllegalStateException("a fault of the client's");
                }
                channel.write(bytes.flip());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = UnixSockets.connect(socket(), LONG);
        channel.configureBlocking(true);
        return channel;
    }

    private static String said(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
        ByteBuffer answer = ByteBuffer.allocate(100);
        int count = channel.read(answer);
        return count < 0 ? null : UTF_8.decode(answer.flip()).toString();
    }

    @Test
    void whoComesBeforeTheStartIsServedAfterIt() throws IOException {
        try (SocketChannel early = connect()) {
            early.write(ByteBuffer.wrap("early".getBytes(UTF_8)));
            start();
            assertThat(said(early, "")).isEqualTo("early");
        }
    }

    @Test
    void aListenerThatNeverStartedCloses() throws IOException {
        try (SocketChannel early = connect()) {
            listener.close();
            assertThatThrownBy(() -> UnixSockets.connect(socket(), LONG)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> early.read(ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void oneClientTooManyIsClosedAndTheOthersGoOn() throws IOException {
        start();
        try (SocketChannel one = connect(); SocketChannel two = connect()) {
            assertThat(said(one, "a")).isEqualTo("a");
            assertThat(said(two, "b")).isEqualTo("b");
            try (SocketChannel three = connect()) {
                assertThat(three.read(ByteBuffer.allocate(1))).isNegative();
            }
            assertThat(said(one, "c")).isEqualTo("c");
        }
    }

    @Test
    void aFaultInServingAClientEndsThatClientAlone() throws IOException {
        start();
        try (SocketChannel one = connect(); SocketChannel two = connect()) {
            assertThat(said(one, "a")).isEqualTo("a");
            assertThat(said(two, "!")).isNull();
            assertThat(said(one, "b")).isEqualTo("b");
        }
    }

    /// As where the process has no descriptor left: the listener rests, and comes back.
    @Test
    void anAcceptThatFailsIsNotTheEnd() throws IOException {
        refuse.set(true);
        start();
        try (SocketChannel refused = connect(); SocketChannel next = connect()) {
            assertThat(said(next, "a")).isEqualTo("a");
            assertThat(refused.isOpen()).isTrue();
        }
    }

    @Test
    void aProcessThatTakesNoConnectionIsNotWaitedForWithoutEnd() throws IOException {
        Path stopped = folder.resolve("stopped");
        List<SocketChannel> queue = new ArrayList<>();
        try (ServerSocketChannel deaf = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            deaf.bind(UnixDomainSocketAddress.of(stopped), 1);
            assertThatThrownBy(() -> {
                for (int i = 0; i < 1000; i++) {
                    queue.add(UnixSockets.connect(stopped, Duration.ofMillis(100)));
                }
            }).isInstanceOf(SocketTimeoutException.class);
            assertThat(queue).isNotEmpty();
        } finally {
            for (SocketChannel each : queue) {
                each.close();
            }
        }
    }
}
