package xenolith.tool.control;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import xenolith.socket.UnixListener;
import xenolith.tool.device.DeviceControl;
import xenolith.tool.input.Json;

/// Answers what other commands ask of the process that runs a domain and the store does not tell: `control.sock`.
///
/// A client sends one line of JSON, an object whose `do` is the command, and gets one line back: the answer's fields, or
/// `error` with a sentence, and then `bad_input` if it was the request that could not be.
///
/// | `do` | answer |
/// |---|---|
/// | `status` | the fields of [DomainStatus] |
/// | `destroy` | nothing more; the domain is ended |
/// | `wait` | none until the domain has ended; then the connection just closes |
/// | `attach`, `detach`, `list`, `change`, `ask` | what [DeviceRequests] says |
///
/// One thread serves all and waits for none: a line that comes in pieces is kept, one longer than [#MAX_LINE_BYTES]
/// ends its connection, and so does an answer that the client's socket does not take at once. What has to wait for the
/// guest is done by a thread of its own, to which the connection belongs until it has answered; a client that goes
/// meanwhile changes nothing in what is done.
public final class ControlServer implements AutoCloseable {
    public static final int MAX_LINE_BYTES = 16384;
    static final int MAX_CLIENTS = 64;

    /// What can be asked of the domain.
    public interface Target {
        DomainStatus status();

        void destroy();

        DeviceControl devices();
    }

    private final UnixListener listener;

    private ControlServer(UnixListener listener) {
        this.listener = listener;
    }

    /// Makes the socket, which must not exist, and answers until [#close].
    static ControlServer open(Path socket, Target target) throws IOException {
        return serve(bind(socket), target);
    }

    /// Makes the socket, at which clients wait until they are answered.
    public static UnixListener bind(Path socket) throws IOException {
        return UnixListener.bind(socket, "control", MAX_CLIENTS);
    }

    /// Answers the clients of a socket made by [#bind].
    public static ControlServer serve(UnixListener listener, Target target) {
        listener.start((channel, key) -> new Client(target, channel, key));
        return new ControlServer(listener);
    }

    /// Ends all connections. The serving thread does it, so that none that is on its way in is left waiting.
    @Override
    public void close() {
        listener.close();
    }

    private static final class Client implements UnixListener.Client {
        private final Target target;
        private final SelectionKey key;
        private final LineChannel lines;

        Client(Target target, SocketChannel channel, SelectionKey key) {
            this.target = target;
            this.key = key;
            this.lines = new LineChannel(channel, MAX_LINE_BYTES);
            key.interestOps(SelectionKey.OP_READ);
        }

        @Override
        public void ready() {
            try {
                String line = lines.readLine();
                if (line != null) {
                    answerAll(line);
                }
            } catch (IOException _) {
                // Gone, or it does not keep to the protocol.
                lines.close();
            }
        }

        @Override
        public void listenerClosed() {
            lines.close();
        }

        /// Answers `first` and the lines that came with it, up to one that takes long.
        private void answerAll(String first) throws IOException {
            String line = first;
            while (line != null) {
                Map<String, Object> request = parsed(line);
                if (request != null && DeviceRequests.isOne(request)) {
                    key.interestOps(0);
                    Thread.ofPlatform().name("control-request").daemon().start(() -> answerSlowly(request));
                    return;
                }
                answer(request);
                line = lines.nextLine();
            }
        }

        /// The connection is this thread's until it is ready to be read again.
        private void answerSlowly(Map<String, Object> request) {
            try {
                lines.write(Json.line(DeviceRequests.answer(target.devices(), request)));
                String next = lines.nextLine();
                if (next != null) {
                    answerAll(next);
                }
                if (key.isValid()) {
                    key.interestOps(SelectionKey.OP_READ);
                    key.selector().wakeup();
                }
            } catch (IOException | java.nio.channels.CancelledKeyException _) {
                // Gone, or it does not read: what it asked for is done all the same.
                lines.close();
            }
        }

        private static Map<String, Object> parsed(String line) {
            try {
                return Json.parse(line);
            } catch (IOException _) {
                return null;
            }
        }

        private void answer(Map<String, Object> request) throws IOException {
            if (request == null) {
                lines.write(Json.line(Map.of("error", "that is not one line with a JSON object")));
                return;
            }
            switch (String.valueOf(request.get("do"))) {
                case "status" -> lines.write(Json.line(target.status().fields()));
                case "destroy" -> {
                    // Answered first: the process does not live much longer. Who asked need not wait for the answer.
                    try {
                        lines.write(Json.line(Map.of()));
                    } finally {
                        target.destroy();
                    }
                }
                case "wait" -> {
                    // Answered by the end of the connection.
                }
                default -> lines.write(Json.line(Map.of("error", "the domain's process knows no such command")));
            }
        }
    }
}
