package xenolith.tool.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;

/// Answers what other commands ask of the process that runs a domain and the store does not tell: `control.sock`.
///
/// A client sends one line of JSON, an object whose `do` is the command, and gets one line back: the answer's fields, or
/// `error` with a sentence.
///
/// | `do` | answer |
/// |---|---|
/// | `status` | the fields of [DomainStatus] |
/// | `destroy` | nothing more; the domain is ended |
/// | `wait` | none until the domain has ended; then the connection just closes |
///
/// One thread serves all and waits for none: a line that comes in pieces is kept, one longer than [#MAX_LINE_BYTES]
/// ends its connection, and so does an answer that the client's socket does not take at once.
final class ControlServer implements AutoCloseable {
    static final int MAX_LINE_BYTES = 4096;
    static final int MAX_CLIENTS = 64;
    private static final int LISTENER = 1;

    /// What can be asked of the domain.
    interface Target {
        DomainStatus status();

        void destroy();
    }

    private final Target target;
    private final ServerSocketChannel listener;
    private final Selector selector;
    private final Thread thread;
    private volatile boolean closing;

    private ControlServer(Target target, ServerSocketChannel listener, Selector selector) {
        this.target = target;
        this.listener = listener;
        this.selector = selector;
        this.thread = new Thread(this::loop, "control");
        thread.setDaemon(true);
    }

    /// Makes the socket, which must not exist, and answers until [#close].
    static ControlServer open(Path socket, Target target) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            listener.bind(UnixDomainSocketAddress.of(socket));
            listener.configureBlocking(false);
            Selector selector = Selector.open();
            listener.register(selector, SelectionKey.OP_ACCEPT);
            ControlServer server = new ControlServer(target, listener, selector);
            server.thread.start();
            return server;
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    private void loop() {
        try (listener; selector) {
            while (!closing) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(key);
                }
                selector.selectedKeys().clear();
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException e) {
            System.err.println("xenolith: the domain can be controlled no more: " + e);
        }
    }

    private void serve(SelectionKey key) throws IOException {
        if (key.attachment() instanceof LineChannel client) {
            try {
                String line = client.readLine();
                while (line != null) {
                    answer(client, line);
                    line = client.nextLine();
                }
            } catch (IOException _) {
                // Gone, or it does not keep to the protocol.
                client.close();
            }
        } else {
            accept();
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = listener.accept();
        if (channel == null) {
            return;
        }
        if (selector.keys().size() - LISTENER >= MAX_CLIENTS) {
            channel.close();
            return;
        }
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ, new LineChannel(channel, MAX_LINE_BYTES));
    }

    private void answer(LineChannel client, String line) throws IOException {
        Map<String, Object> request;
        try {
            request = Json.parse(line);
        } catch (IOException _) {
            client.write(Json.line(Map.of("error", "that is not one line with a JSON object")));
            return;
        }
        switch (String.valueOf(request.get("do"))) {
            case "status" -> client.write(Json.line(target.status().fields()));
            case "destroy" -> {
                // Answered first: the process does not live much longer. Who asked need not wait for the answer.
                try {
                    client.write(Json.line(Map.of()));
                } finally {
                    target.destroy();
                }
            }
            case "wait" -> {
                // Answered by the end of the connection.
            }
            default -> client.write(Json.line(Map.of("error", "it knows no such command")));
        }
    }

    /// Ends all connections. The serving thread does it, so that none that is on its way in is left waiting.
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
}
