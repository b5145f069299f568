package xenolith.backend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Queue;

/// A guest's xenstore driver over the ring page, written from the header alone.
public final class GuestXenstore {
    private static final int SERVER_FEATURES = 2064;
    private static final int CONNECTION = 2068;
    private static final int ERROR = 2072;

    private final MemorySegment page;
    private final FakePort port;
    private final Queue<String> messages = new ArrayDeque<>();
    private ByteArrayOutputStream partial = new ByteArrayOutputStream();
    public final GuestRing requests;
    public final GuestRing replies;

    public GuestXenstore(PlainPage page, FakePort port) {
        this.page = page.segment();
        this.port = port;
        this.requests = new GuestRing(this.page, 0, 1024, 2048, 2052);
        this.replies = new GuestRing(this.page, 1024, 1024, 2056, 2060);
    }

    public int serverFeatures() {
        return page.get(ValueLayout.JAVA_INT, SERVER_FEATURES);
    }

    public int connection() {
        return page.get(ValueLayout.JAVA_INT, CONNECTION);
    }

    public void connection(int value) {
        page.set(ValueLayout.JAVA_INT, CONNECTION, value);
    }

    public int error() {
        return page.get(ValueLayout.JAVA_INT, ERROR);
    }

    /// The bytes of a request; `|` in the payload is the zero byte.
    public static byte[] request(int type, int reqId, int txId, String payload) {
        byte[] body = payload.replace('|', '\0').getBytes(ISO_8859_1);
        return ByteBuffer.allocate(16 + body.length).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type).putInt(reqId).putInt(txId).putInt(body.length).put(body).array();
    }

    /// Sends bytes, sleeping for events while the ring is full.
    public void send(byte[] bytes) throws InterruptedException {
        int done = 0;
        while (done < bytes.length) {
            int n = requests.put(bytes, done, bytes.length - done);
            done += n;
            port.send();
            if (n == 0 && !port.awaitEvent()) {
                throw new IllegalStateException("no event while the request ring is full");
            }
        }
    }

    /// Sends a request and waits for the next message.
    public String ask(int type, int txId, String payload) throws InterruptedException {
        send(request(type, 1, txId, payload));
        return next();
    }

    /// The next message as `type payload`, sleeping for events; or null if none comes.
    public String next() throws InterruptedException {
        while (messages.isEmpty()) {
            collect();
            if (messages.isEmpty() && !port.awaitEvent()) {
                return null;
            }
        }
        return messages.poll();
    }

    public boolean hasMessage() {
        return !messages.isEmpty();
    }

    /// Takes what is in the ring without waiting.
    public void collect() {
        byte[] bytes = replies.take();
        if (bytes.length > 0) {
            partial.writeBytes(bytes);
            port.send();
            split();
        }
    }

    private void split() {
        ByteBuffer all = ByteBuffer.wrap(partial.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        while (all.remaining() >= 16 && all.remaining() >= 16 + all.getInt(all.position() + 12)) {
            int type = all.getInt(all.position());
            byte[] body = new byte[all.getInt(all.position() + 12)];
            all.position(all.position() + 16).get(body);
            messages.add(type + " " + new String(body, ISO_8859_1).replace('\0', '|'));
        }
        partial = new ByteArrayOutputStream();
        partial.write(all.array(), all.position(), all.remaining());
    }
}
