package xenolith.tool.console;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import xenolith.socket.UnixSockets;

/// A console as a Unix socket at which we listen: one client at a time, the next waits until it has left.
///
/// While nobody is there, what the guest prints is dropped: it spins until its ring has room. The same for a client that
/// takes nothing for a while, until it takes something again.
final class SocketConsole implements GuestConsole {
    private static final Duration STALE_CHECK = Duration.ofSeconds(1);
    private static final long SLOW_READER_NS = 1_000_000_000;
    private static final long PAUSE_MS = 5;
    private static final long ACCEPT_PAUSE_MS = 100;

    private final Path path;
    private final ServerSocketChannel listener;
    private final Selector selector;
    private volatile SocketChannel client;
    private boolean dropping;
    private volatile boolean closed;

    private SocketConsole(Path path, ServerSocketChannel listener, Selector selector) {
        this.path = path;
        this.listener = listener;
        this.selector = selector;
    }

    /// Makes the socket. One that nobody listens at any more is replaced.
    static SocketConsole open(Path path) throws IOException {
        removeStale(path);
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
            listener.configureBlocking(false);
            return new SocketConsole(path, listener, Selector.open());
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    private static void removeStale(Path path) throws IOException {
        if (!Files.exists(path) || !(Boolean) Files.getAttribute(path, "isOther")) {
            return;
        }
        try {
            UnixSockets.connect(path, STALE_CHECK).close();
        } catch (java.net.ConnectException _) {
            Files.delete(path);
        }
    }

    /// The one reader takes clients in too.
    @Override
    public int read(byte[] into) throws IOException {
        try {
            while (!closed) {
                SocketChannel now = client == null ? accept() : client;
                int count = now == null ? 0 : readFrom(now, into);
                if (count > 0) {
                    return count;
                }
            }
        } catch (ClosedSelectorException _) {
            // Closed meanwhile.
        }
        return -1;
    }

    /// Waits for a client. Returns null if none came, after all.
    private SocketChannel accept() throws IOException {
        awaitReady(listener, SelectionKey.OP_ACCEPT);
        try {
            SocketChannel next = listener.accept();
            if (next != null) {
                next.configureBlocking(false);
                client = next;
            }
            return next;
        } catch (IOException e) {
            if (closed) {
                return null;
            }
            // No descriptor is left: the client waits.
            pause(ACCEPT_PAUSE_MS);
            return null;
        }
    }

    private int readFrom(SocketChannel from, byte[] into) throws IOException {
        awaitReady(from, SelectionKey.OP_READ);
        try {
            int count = from.read(ByteBuffer.wrap(into));
            if (count >= 0) {
                return count;
            }
        } catch (IOException _) {
            // It was killed: gone as well.
        }
        client = null;
        from.close();
        return 0;
    }

    private void awaitReady(java.nio.channels.SelectableChannel channel, int operation) throws IOException {
        SelectionKey key = channel.register(selector, operation);
        selector.select();
        key.cancel();
        selector.selectNow();
    }

    @Override
    public void write(byte[] from, int offset, int length) {
        SocketChannel to = client;
        if (to == null) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(from, offset, length);
        long deadline = System.nanoTime() + SLOW_READER_NS;
        try {
            while (bytes.hasRemaining() && !closed) {
                if (to.write(bytes) > 0) {
                    dropping = false;
                } else if (dropping || System.nanoTime() >= deadline) {
                    dropping = true;
                    return;
                } else {
                    pause(PAUSE_MS);
                }
            }
        } catch (IOException _) {
            // It has gone: the reader finds out too.
        }
    }

    private static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (listener; selector; SocketChannel _ = client) {
            Files.deleteIfExists(path);
        } catch (IOException _) {
            // The end is near in any case.
        }
    }
}
