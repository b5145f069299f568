package xenolith.socket;

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

/// A Unix socket with its clients, looked after by one thread that waits for none of them.
///
/// Clients that come before [#start] wait. Where the process has no descriptor left for one it waits too, and the others
/// do not notice.
public final class UnixListener implements AutoCloseable {
    private static final Logger LOG = System.getLogger(UnixListener.class.getName());
    private static final int LISTENER = 1;
    private static final long ACCEPT_PAUSE_MS = 100;
    private static final long NS_PER_MS = 1_000_000;

    /// What is done with clients. Called by the listener's thread alone.
    public interface Service {
        /// A client has come.
        ///
        /// @param channel does not block
        /// @param key     the channel's, without interest yet; the client sets what it waits for
        Client accept(SocketChannel channel, SelectionKey key);

        /// Called whenever there is nothing else to do at once. Returns after how many milliseconds at the latest it is to be
        /// called again, 0 if that does not matter.
        default long atRest() {
            return 0;
        }
    }

    /// One connection.
    public interface Client {
        /// What the key waits for has come.
        void ready();

        /// The listener ends. The channel stays open unless the client closes it.
        default void listenerClosed() {
        }
    }

    private final ServerSocketChannel listener;
    private final Selector selector;
    private final SelectionKey listenerKey;
    private final int maxClients;
    private final Thread thread;
    private Service service;
    private boolean paused;
    private long pausedUntil;
    private volatile boolean closing;

    private UnixListener(ServerSocketChannel listener, Selector selector, SelectionKey key, String name, int maxClients) {
        this.listener = listener;
        this.selector = selector;
        this.listenerKey = key;
        this.maxClients = maxClients;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
    }

    /// Makes the socket `path`, which must not exist.
    ///
    /// @param name       of the thread
    /// @param maxClients how many may be connected at once; one more is closed at once
    public static UnixListener bind(Path path, String name, int maxClients) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(path));
            listener.configureBlocking(false);
            Selector selector = Selector.open();
            SelectionKey key = listener.register(selector, SelectionKey.OP_ACCEPT);
            return new UnixListener(listener, selector, key, name, maxClients);
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /// Begins to serve. Once.
    public void start(Service with) {
        service = with;
        thread.start();
    }

    /// Makes [Service#atRest] run soon. Any thread.
    public void wake() {
        selector.wakeup();
    }

    /// Listens no more, and tells all clients so. When it returns the service is not called any more.
    @Override
    public void close() {
        closing = true;
        if (thread.getState() == Thread.State.NEW) {
            shut();
            return;
        }
        selector.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try {
            while (!closing) {
                selector.select(sleepMs());
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(key);
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0}: no more clients are served: {1}", thread.getName(), e.getMessage());
        }
        shut();
    }

    private void shut() {
        if (!selector.isOpen()) {
            return;
        }
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof Client client) {
                client.listenerClosed();
            }
        }
        try (listener; selector) {
            // Both are only to be closed.
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0}: cannot be closed: {1}", thread.getName(), e.getMessage());
        }
    }

    /// How long to wait for a client; 0 is for ever.
    private long sleepMs() {
        long restMs = service.atRest();
        if (!paused) {
            return restMs;
        }
        long pauseMs = (pausedUntil - System.nanoTime()) / NS_PER_MS;
        if (pauseMs <= 0) {
            paused = false;
            listenerKey.interestOps(SelectionKey.OP_ACCEPT);
            return restMs;
        }
        return restMs == 0 ? pauseMs : Math.min(restMs, pauseMs);
    }

    private void serve(SelectionKey key) {
        try {
            if (key == listenerKey) {
                accept();
            } else {
                ((Client) key.attachment()).ready();
            }
        } catch (CancelledKeyException _) {
            // Closed a moment ago.
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, thread.getName() + ": a fault of ours in serving a client", e);
            closeQuietly(key);
        }
    }

    private void accept() {
        try {
            SocketChannel channel = listener.accept();
            if (channel == null) {
                return;
            }
            if (selector.keys().size() - LISTENER >= maxClients) {
                LOG.log(Level.WARNING, "{0}: a client too many: {1} are connected", thread.getName(), maxClients);
                channel.close();
                return;
            }
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, 0);
            key.attach(service.accept(channel, key));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0}: cannot accept a client: {1}", thread.getName(), e.getMessage());
            pause();
        }
    }

    private void pause() {
        paused = true;
        pausedUntil = System.nanoTime() + ACCEPT_PAUSE_MS * NS_PER_MS;
        listenerKey.interestOps(0);
    }

    private void closeQuietly(SelectionKey key) {
        if (key == listenerKey) {
            pause();
            return;
        }
        try {
            key.channel().close();
        } catch (IOException _) {
            // It is gone either way.
        }
    }
}
