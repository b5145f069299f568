package xenolith.xenstore.socket;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import xenolith.socket.UnixListener;
import xenolith.xenstore.Caller;
import xenolith.xenstore.XenstoreServer;

/// Listens on a Unix socket and has each client served as domain 0.
public final class XenstoreSocket implements AutoCloseable {
    /// What all clients together may cost.
    ///
    /// @param clients how many may be connected; one more is closed at once
    /// @param patience for how long bytes may wait for a client that takes none before it is dropped
    public record Limits(int clients, Duration patience) {
        public static final Limits DEFAULT = new Limits(64, Duration.ofSeconds(30));
    }

    private final UnixListener listener;

    private XenstoreSocket(UnixListener listener) {
        this.listener = listener;
    }

    /// Makes the socket `path`, which must not exist, and serves its clients until [#close].
    public static XenstoreSocket open(XenstoreServer server, Path path, Limits limits) throws IOException {
        UnixListener listener = bind(path, limits);
        return serve(server, listener, limits);
    }

    /// Makes the socket, at which clients wait until they are served.
    public static UnixListener bind(Path path, Limits limits) throws IOException {
        return UnixListener.bind(path, "xenstore-socket", limits.clients());
    }

    /// Serves the clients of a socket made by [#bind].
    public static XenstoreSocket serve(XenstoreServer server, UnixListener listener, Limits limits) {
        listener.start(new Clients(server, limits.patience()));
        return new XenstoreSocket(listener);
    }

    /// Listens no more. Clients that are connected are the server's to close; it knows them all when this returns.
    @Override
    public void close() {
        listener.close();
    }

    private static final class Clients implements UnixListener.Service {
        private final XenstoreServer server;
        private final Duration patience;
        private final Set<SocketTransport> connected = new HashSet<>();
        private int lastClient;

        Clients(XenstoreServer server, Duration patience) {
            this.server = server;
            this.patience = patience;
        }

        @Override
        public UnixListener.Client accept(SocketChannel channel, SelectionKey key) {
            SocketTransport transport = new SocketTransport(channel, key);
            connected.add(transport);
            lastClient++;
            server.attach("socket client " + lastClient, Caller.DOM0, transport);
            return transport;
        }

        /// Drops who takes nothing of what waits for it.
        @Override
        public long atRest() {
            connected.removeIf(SocketTransport::isGone);
            long now = System.nanoTime();
            boolean anyFull = false;
            for (SocketTransport transport : connected) {
                transport.dropIfStalled(now, patience.toNanos());
                anyFull |= transport.isFull();
            }
            return anyFull ? Math.max(1, patience.toMillis() / 4) : 0;
        }
    }
}
