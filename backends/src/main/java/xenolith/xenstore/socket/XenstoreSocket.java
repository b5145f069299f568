package xenolith.xenstore.socket;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import xenolith.xenstore.Caller;
import xenolith.xenstore.XenstoreServer;

/// Listens on a Unix socket and has each client served as domain 0.
public final class XenstoreSocket implements AutoCloseable {
    private static final Logger LOG = System.getLogger(XenstoreSocket.class.getName());
    private static final int LISTENER = 1;
    private static final long ACCEPT_PAUSE_NS = 100_000_000;

    /// What all clients together may cost.
    ///
    /// @param clients how many may be connected; one more is closed at once
    /// @param patience for how long bytes may wait for a client that takes none before it is dropped
    public record Limits(int clients, Duration patience) {
        public static final Limits DEFAULT = new Limits(64, Duration.ofSeconds(30));
    }

    private final XenstoreServer server;
    private final Limits limits;
    private final ServerSocketChannel listener;
    private final Selector selector;
    private final Thread thread;
    private int lastClient;
    private volatile boolean closing;

    private XenstoreSocket(XenstoreServer server, Limits limits, ServerSocketChannel listener, Selector selector) {
        this.server = server;
        this.limits = limits;
        this.listener = listener;
        this.selector = selector;
        this.thread = Thread.ofPlatform().name("xenstore-socket").daemon().unstarted(this::loop);
    }

    /// Makes the socket `path`, which must not exist, and serves its clients until [#close].
    public static XenstoreSocket open(XenstoreServer server, Path path, Limits limits) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
            listener.configureBlocking(false);
            Selector selector = Selector.open();
            listener.register(selector, SelectionKey.OP_ACCEPT);
            XenstoreSocket socket = new XenstoreSocket(server, limits, listener, selector);
            socket.thread.start();
            return socket;
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /// Listens no more. Clients that are connected are the server's to close; it knows them all when this returns.
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try (listener; selector) {
            while (!closing) {
                selector.select(anyFull() ? Math.max(1, limits.patience().toMillis() / 4) : 0);
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(key);
                }
                selector.selectedKeys().clear();
                dropStalled();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "xenstore: the socket is served no more: {0}", e.getMessage());
        }
    }

    private void serve(SelectionKey key) throws IOException {
        try {
            if (key.attachment() instanceof SocketTransport transport) {
                transport.ready();
            } else if (key.isAcceptable()) {
                accept();
            }
        } catch (CancelledKeyException _) {
            // Its client was closed a moment ago.
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = acceptOne();
        if (channel == null) {
            return;
        }
        if (selector.keys().size() - LISTENER >= limits.clients()) {
            LOG.log(Level.WARNING, "xenstore: a client too many: {0} are connected", limits.clients());
            channel.close();
            return;
        }
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, 0);
        SocketTransport transport = new SocketTransport(channel, key);
        key.attach(transport);
        lastClient++;
        server.attach("socket client " + lastClient, Caller.DOM0, transport);
    }

    /// The next client, or null. Where the process has no descriptor left the client waits, and we a little too.
    private SocketChannel acceptOne() {
        try {
            return listener.accept();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "xenstore: cannot accept a client: {0}", e.getMessage());
            LockSupport.parkNanos(ACCEPT_PAUSE_NS);
            return null;
        }
    }

    private boolean anyFull() {
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof SocketTransport transport && transport.isFull()) {
                return true;
            }
        }
        return false;
    }

    private void dropStalled() {
        long now = System.nanoTime();
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof SocketTransport transport) {
                transport.dropIfStalled(now, limits.patience().toNanos());
            }
        }
    }
}
