package xenolith.xenstore.socket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import xenolith.abi.io.XsWire;
import xenolith.socket.UnixSockets;

/// A client of a store in another process, which waits for each answer. For one thread.
///
/// Every method throws [StoreRefusedException] where the store refuses, and [UncheckedIOException] where the connection
/// fails: of a [SocketTimeoutException] if the process behind it does nothing for as long as the client's patience.
public final class SocketClient implements AutoCloseable {
    private static final int NO_TRANSACTION = 0;
    private static final int ATTEMPTS = 100;

    /// An event of a watch: what changed, and the token that the watch was given.
    public record Event(String path, String token) {
    }

    /// A message as it came.
    private record Answer(int type, byte[] payload) {
    }

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final Duration patience;
    private final Queue<Event> events = new ArrayDeque<>();
    private int lastRequest;
    private int transaction = NO_TRANSACTION;

    private SocketClient(SocketChannel channel, Duration patience) throws IOException {
        this.channel = channel;
        this.patience = patience;
        this.selector = Selector.open();
        this.key = channel.register(selector, 0);
    }

    /// @param patience how long the other process may do nothing while it is waited for
    public static SocketClient connect(Path socket, Duration patience) throws IOException {
        SocketChannel channel = UnixSockets.connect(socket, patience);
        try {
            return new SocketClient(channel, patience);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    public byte[] read(String path) {
        return request(XsWire.XS_READ, string(path));
    }

    /// The names of the node's children, in the store's order.
    public List<String> directory(String path) {
        try {
            return strings(request(XsWire.XS_DIRECTORY, string(path)));
        } catch (StoreRefusedException e) {
            if (e.error().equals("E2BIG")) {
                return directoryInParts(path);
            }
            throw e;
        }
    }

    public void write(String path, byte[] value) {
        request(XsWire.XS_WRITE, concat(string(path), value));
    }

    public void makeDirectory(String path) {
        request(XsWire.XS_MKDIR, string(path));
    }

    public void remove(String path) {
        request(XsWire.XS_RM, string(path));
    }

    /// As on the wire: `n0`, `r5`.
    public List<String> permissions(String path) {
        return strings(request(XsWire.XS_GET_PERMS, string(path)));
    }

    public void setPermissions(String path, List<String> permissions) {
        byte[] payload = string(path);
        for (String permission : permissions) {
            payload = concat(payload, string(permission));
        }
        request(XsWire.XS_SET_PERMS, payload);
    }

    /// A command of the store's own, as `quota`; the answer's text.
    public String control(List<String> words) {
        byte[] payload = new byte[0];
        for (String word : words) {
            payload = concat(payload, string(word));
        }
        return String.join("\n", strings(request(XsWire.XS_CONTROL, payload)));
    }

    public void watch(String path, String token) {
        request(XsWire.XS_WATCH, concat(string(path), string(token)));
    }

    /// Waits for the next event of any watch. Returns null if none comes within `quiet`.
    public Event nextEvent(Duration quiet) {
        try {
            while (events.isEmpty()) {
                if (!awaitReady(SelectionKey.OP_READ, quiet)) {
                    return null;
                }
                take();
            }
            return events.remove();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Runs `body` in a transaction, so that its changes are made together; again if another's change came between.
    public void transaction(Runnable body) {
        for (int i = 0; i < ATTEMPTS; i++) {
            transaction = Integer.parseUnsignedInt(text(request(XsWire.XS_TRANSACTION_START, string(""))));
            try {
                body.run();
            } catch (RuntimeException e) {
                endTransaction("F");
                throw e;
            }
            if (endTransaction("T")) {
                return;
            }
        }
        throw new StoreRefusedException("EAGAIN", "others change the same nodes without end");
    }

    private boolean endTransaction(String how) {
        try {
            request(XsWire.XS_TRANSACTION_END, string(how));
            return true;
        } catch (StoreRefusedException e) {
            if (e.error().equals("EAGAIN")) {
                return false;
            }
            throw e;
        } finally {
            transaction = NO_TRANSACTION;
        }
    }

    /// A list too long for one message, taken in pieces; from the start again if the node changes meanwhile.
    private List<String> directoryInParts(String path) {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        String generation = null;
        for (;;) {
            byte[] part = request(XsWire.XS_DIRECTORY_PART,
                    concat(string(path), string(Integer.toString(names.size()))));
            String now = strings(part).getFirst();
            if (generation != null && !generation.equals(now)) {
                names.reset();
                generation = null;
                continue;
            }
            generation = now;
            int from = now.length() + 1;
            // The last part ends with an empty name.
            boolean last = part.length == from || part[part.length - 1] == 0
                    && (part.length == from + 1 || part[part.length - 2] == 0);
            names.write(part, from, Math.max(0, part.length - from - (last ? 1 : 0)));
            if (last) {
                return strings(names.toByteArray());
            }
        }
    }

    private byte[] request(int type, byte[] payload) {
        if (payload.length > XsWire.XENSTORE_PAYLOAD_MAX) {
            throw new StoreRefusedException("E2BIG", "more than " + XsWire.XENSTORE_PAYLOAD_MAX + " bytes");
        }
        lastRequest++;
        ByteBuffer message = ByteBuffer.allocate((int) XsWire.SIZEOF + payload.length);
        MemorySegment header = MemorySegment.ofArray(message.array());
        XsWire.type(header, 0, type);
        XsWire.reqId(header, 0, lastRequest);
        XsWire.txId(header, 0, transaction);
        XsWire.len(header, 0, payload.length);
        message.put((int) XsWire.SIZEOF, payload);
        try {
            while (message.hasRemaining()) {
                if (channel.write(message) == 0) {
                    requireReady(SelectionKey.OP_WRITE);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return answer(type);
    }

    /// The answer to the last request; what comes before it can only be events.
    private byte[] answer(int type) {
        for (;;) {
            Answer answer = take();
            if (answer == null) {
                continue;
            }
            if (answer.type == XsWire.XS_ERROR) {
                throw new StoreRefusedException(text(answer.payload), XsWire.name(type));
            }
            return answer.payload;
        }
    }

    /// Takes the next message: returns an answer, or keeps an event and returns null.
    private Answer take() {
        try {
            byte[] head = receive((int) XsWire.SIZEOF);
            MemorySegment header = MemorySegment.ofArray(head);
            int length = XsWire.len(header, 0);
            if (Integer.compareUnsigned(length, XsWire.XENSTORE_PAYLOAD_MAX) > 0) {
                throw new IOException("no message has " + Integer.toUnsignedString(length) + " bytes");
            }
            byte[] payload = receive(length);
            if (XsWire.type(header, 0) != XsWire.XS_WATCH_EVENT) {
                return new Answer(XsWire.type(header, 0), payload);
            }
            List<String> words = strings(payload);
            events.add(new Event(words.get(0), words.get(1)));
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] receive(int byteLength) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(byteLength);
        while (bytes.hasRemaining()) {
            int count = channel.read(bytes);
            if (count < 0) {
                throw new EOFException("the domain has ended, or its store has dropped us");
            }
            if (count == 0) {
                requireReady(SelectionKey.OP_READ);
            }
        }
        return bytes.array();
    }

    private void requireReady(int operation) throws IOException {
        if (!awaitReady(operation, patience)) {
            throw new SocketTimeoutException("no answer for " + patience.toSeconds() + " seconds");
        }
    }

    private boolean awaitReady(int operation, Duration limit) throws IOException {
        key.interestOps(operation);
        int ready = selector.select(Math.max(1, limit.toMillis()));
        selector.selectedKeys().clear();
        return ready > 0;
    }

    private static byte[] string(String text) {
        return (text + '\0').getBytes(ISO_8859_1);
    }

    private static String text(byte[] payload) {
        List<String> all = strings(payload);
        return all.isEmpty() ? "" : all.getFirst();
    }

    private static List<String> strings(byte[] payload) {
        List<String> all = new ArrayList<>();
        int begin = 0;
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 0) {
                all.add(new String(payload, begin, i - begin, ISO_8859_1));
                begin = i + 1;
            }
        }
        return all;
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    @Override
    public void close() {
        try (selector) {
            channel.close();
        } catch (IOException _) {
            // Nothing was left to be sent.
        }
    }
}
