package xenolith.xenstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import xenolith.abi.io.XsWire;

/// Conversations with the store as data: each line is who speaks, in which transaction, what, and the reply expected.
///
/// Payloads are written as in Xen's documentation: `|` stands for the zero byte. A reply that starts with `!` is an
/// error. Domain 0 is privileged, all others are guests.
final class Talk {
    static final int NONE = 0;

    private final Store store;
    private final FakeDomains domains = new FakeDomains();
    private final Map<Integer, Connection> connections = new HashMap<>();

    Talk() {
        this(Quota.DEFAULT);
    }

    Talk(Quota quota) {
        this.store = new Store(quota);
    }

    Store store() {
        return store;
    }

    FakeDomains domains() {
        return domains;
    }

    Connection connection(int domid) {
        return connections.computeIfAbsent(domid, _ -> new Connection(store, domains,
                domid == 0 ? Caller.DOM0 : Caller.guest(domid), () -> {
                }));
    }

    /// Says something and checks the reply. Events that come with it are kept for [#events].
    Talk says(int domid, int txId, int type, String payload, String reply) {
        assertThat(ask(domid, txId, type, payload)).as("%s %s by %d", XsWire.name(type), payload, domid)
                .isEqualTo(reply);
        return this;
    }

    Talk says(int domid, int type, String payload, String reply) {
        return says(domid, NONE, type, payload, reply);
    }

    /// Starts a transaction and returns its number.
    int begin(int domid) {
        String reply = ask(domid, NONE, XsWire.XS_TRANSACTION_START, "|");
        return Integer.parseInt(reply.substring(0, reply.length() - 1));
    }

    String ask(int domid, int txId, int type, String payload) {
        Connection connection = connection(domid);
        connection.handle(new Message(type, 42, txId, bytes(payload)));
        Sent sent = new Sent();
        drain(connection, sent);
        Message reply = sent.messages.stream().filter(m -> m.type() != XsWire.XS_WATCH_EVENT).findFirst()
                .orElseThrow();
        for (Message message : sent.messages) {
            if (message.type() == XsWire.XS_WATCH_EVENT) {
                kept(domid).add(text(message.payload()));
            }
        }
        assertThat(reply.reqId()).isEqualTo(42);
        assertThat(reply.txId()).isEqualTo(txId);
        assertThat(reply.type()).isIn(type, XsWire.XS_ERROR);
        String answer = text(reply.payload());
        return reply.type() == XsWire.XS_ERROR ? "!" + answer.substring(0, answer.length() - 1) : answer;
    }

    /// The watch events that a domain has got since the last call, as `path|token|`.
    List<String> events(int domid) {
        Sent sent = new Sent();
        drain(connection(domid), sent);
        List<String> events = new ArrayList<>(kept(domid));
        kept(domid).clear();
        sent.messages.forEach(m -> events.add(text(m.payload())));
        return events;
    }

    private final Map<Integer, List<String>> keptEvents = new HashMap<>();

    private List<String> kept(int domid) {
        return keptEvents.computeIfAbsent(domid, _ -> new ArrayList<>());
    }

    private static void drain(Connection connection, Sent sent) {
        try {
            connection.output().sendTo(sent);
            sent.parse();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static byte[] bytes(String text) {
        return text.replace('|', '\0').getBytes(ISO_8859_1);
    }

    static String text(byte[] bytes) {
        return new String(bytes, ISO_8859_1).replace('\0', '|');
    }

    /// Takes all that is sent, and parses it.
    static final class Sent implements Transport {
        private final java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        private final List<Message> messages = new ArrayList<>();

        @Override
        public int send(byte[] from, int offset, int byteLength) {
            all.write(from, offset, byteLength);
            return byteLength;
        }

        private void parse() throws java.io.IOException {
            MessageReader reader = new MessageReader();
            Transport source = new Feed(all.toByteArray());
            Message message = reader.read(source);
            while (message != null) {
                messages.add(message);
                message = reader.read(source);
            }
        }

        @Override
        public void onReady(Runnable wake) {
        }

        @Override
        public int receive(byte[] to, int offset, int byteLength) {
            return 0;
        }

        @Override
        public void close(String fault) {
        }
    }

    /// Gives bytes from an array, at most `step` at a time.
    static final class Feed implements Transport {
        private final byte[] bytes;
        private final int step;
        private int at;

        Feed(byte[] bytes) {
            this(bytes, Integer.MAX_VALUE);
        }

        Feed(byte[] bytes, int step) {
            this.bytes = bytes;
            this.step = step;
        }

        boolean isEmpty() {
            return at == bytes.length;
        }

        @Override
        public int receive(byte[] to, int offset, int byteLength) {
            int n = Math.min(Math.min(byteLength, step), bytes.length - at);
            System.arraycopy(bytes, at, to, offset, n);
            at += n;
            return n;
        }

        @Override
        public void onReady(Runnable wake) {
        }

        @Override
        public int send(byte[] from, int offset, int byteLength) {
            return byteLength;
        }

        @Override
        public void close(String fault) {
        }
    }

    /// Domains that only exist by name.
    final class FakeDomains implements DomainOperations {
        final List<String> calls = new ArrayList<>();

        @Override
        public void introduce(int domid, long gfn, int port) {
            calls.add("introduce " + domid + " " + gfn + " " + port);
        }

        @Override
        public void release(int domid) {
            calls.add("release " + domid);
            store.forget(domid);
        }

        @Override
        public void resume(int domid) {
            calls.add("resume " + domid);
        }

        @Override
        public boolean isIntroduced(int domid) {
            return connections.containsKey(domid);
        }

        @Override
        public void setTarget(int domid, int target) {
            connection(domid).setTarget(target);
        }

        @Override
        public Kept kept(int domid) {
            return connections.containsKey(domid) ? connection(domid).kept() : null;
        }

        @Override
        public void print(String text) {
            calls.add("print " + text);
        }
    }
}
