package xenolith.tool.control;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import xenolith.socket.UnixSockets;
import xenolith.tool.input.BadInputException;
import xenolith.tool.input.ControlException;
import xenolith.tool.input.HostUnfitException;
import xenolith.tool.input.Json;

/// The other end of a [ControlServer]. For one thread.
final class ControlClient implements AutoCloseable {
    /// A process that answers nothing for so long is stopped, or hangs.
    static final Duration PATIENCE = Duration.ofSeconds(10);
    /// A list of many devices is long.
    private static final int MAX_ANSWER_BYTES = 1 << 20;

    private final SocketChannel channel;
    private final LineChannel lines;

    private ControlClient(SocketChannel channel) {
        this.channel = channel;
        this.lines = new LineChannel(channel, MAX_ANSWER_BYTES);
    }

    static ControlClient connect(Path socket) throws IOException {
        return new ControlClient(UnixSockets.connect(socket, PATIENCE));
    }

    /// Asks and waits for the answer; throws [ControlException] if it is an error or does not come.
    Map<String, Object> ask(String what) {
        return ask(Map.of("do", what), PATIENCE);
    }

    /// As [#ask(String)], with all fields of the request; throws [BadInputException] if it is they that are wrong, and
    /// [HostUnfitException] if the host does not do it.
    Map<String, Object> ask(Map<String, Object> request, Duration patience) {
        try {
            lines.write(Json.line(request));
            String line = line(patience);
            if (line == null) {
                throw new ControlException("the domain's process does not answer");
            }
            Map<String, Object> answer = Json.parse(line);
            if (answer.get("error") instanceof String error) {
                throw Boolean.TRUE.equals(answer.get("bad_input")) ? new BadInputException(error)
                        : Boolean.TRUE.equals(answer.get("host_unfit")) ? new HostUnfitException(error)
                        : new ControlException(error);
            }
            return answer;
        } catch (EOFException e) {
            throw new ControlException("the domain has ended", e);
        } catch (IOException e) {
            throw new ControlException("the domain's process cannot be asked: " + e.getMessage(), e);
        }
    }

    /// Waits until the domain has ended; returns false if it has not after `patience`.
    boolean awaitEnd(Duration patience) {
        try {
            lines.write(Json.line(Map.of("do", "wait")));
            return line(patience) != null;
        } catch (IOException _) {
            return true;
        }
    }

    private String line(Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            String line = lines.nextLine();
            while (line == null) {
                long leftMs = (deadline - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0 || selector.select(leftMs) == 0 && System.nanoTime() >= deadline) {
                    return null;
                }
                selector.selectedKeys().clear();
                line = lines.readLine();
            }
            return line;
        }
    }

    @Override
    public void close() {
        lines.close();
    }
}
