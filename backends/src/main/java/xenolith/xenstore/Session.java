package xenolith.xenstore;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;

/// A connection with its transport, and whether the server's thread is to look after it.
///
/// Served by the server's thread and closed by any: both hold the session's monitor, so once [#close] has returned the
/// transport's memory is not touched any more.
final class Session {
    /// Requests served before the next client's turn.
    private static final int REQUESTS_PER_ROUND = 32;

    private final String name;
    private final Transport transport;
    private final Connection connection;
    private final IntSupplier replyLimit;
    private final MessageReader reader = new MessageReader();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private boolean closed;
    private volatile String fault;

    Session(String name, Transport transport, Connection connection, IntSupplier replyLimit) {
        this.name = name;
        this.transport = transport;
        this.connection = connection;
        this.replyLimit = replyLimit;
    }

    String name() {
        return name;
    }

    Connection connection() {
        return connection;
    }

    /// Why the client was disconnected; null if it was not, or if it did nothing wrong.
    String fault() {
        return fault;
    }

    /// Returns true if the caller is to queue this session: it was not queued yet.
    boolean schedule() {
        return !scheduled.get() && scheduled.compareAndSet(false, true);
    }

    /// Called when the session is taken off the queue, before [#serve], so that a wake meanwhile queues it again.
    void unschedule() {
        scheduled.set(false);
    }

    /// One round: sends what waits, then serves requests as long as the client takes the replies. Returns true if there
    /// may be more requests to serve at once.
    ///
    /// @throws IOException if the client is gone or has broken the rules
    synchronized boolean serve() throws IOException {
        if (closed) {
            return false;
        }
        if (transport.resetRequested()) {
            startOver();
        }
        OutputQueue output = connection.output();
        output.sendTo(transport);
        boolean more = serveRequests(output);
        transport.flush();
        if (output.overflowed()) {
            throw new ProtocolException("it does not read its watch events");
        }
        return more;
    }

    private boolean serveRequests(OutputQueue output) throws IOException {
        for (int i = 0; i < REQUESTS_PER_ROUND; i++) {
            // A client that does not read its replies is not heard further. It sends an event when it has read some.
            if (output.replyCount() >= replyLimit.getAsInt()) {
                return false;
            }
            Message message = reader.read(transport);
            if (message == null) {
                return false;
            }
            connection.handle(message);
            output.sendTo(transport);
        }
        return true;
    }

    /// Whether the client has sent anything since this was asked last.
    synchronized boolean takeProgress() {
        return reader.takeProgress();
    }

    private void startOver() throws IOException {
        connection.reset();
        connection.output().clear();
        reader.reset();
        transport.acknowledgeReset();
    }

    /// Ends the session; `why` is the client's fault, or null for none.
    synchronized void close(String why) {
        if (closed) {
            return;
        }
        closed = true;
        fault = why;
        connection.reset();
        connection.output().clear();
        transport.close(why);
    }
}
