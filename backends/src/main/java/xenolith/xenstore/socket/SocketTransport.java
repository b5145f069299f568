package xenolith.xenstore.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import xenolith.socket.UnixListener;
import xenolith.xenstore.ClientGoneException;
import xenolith.xenstore.Transport;

/// One client's socket as a [Transport].
///
/// The selector's thread only wakes; reading and writing are the server thread's. Interest in an event is dropped when
/// it comes and asked for again when a read or write could not do all it wanted, always before the server's thread goes
/// to other work: so no event is lost, and a client that is held back costs nothing.
final class SocketTransport implements Transport, UnixListener.Client {
    private static final long NEVER = Long.MAX_VALUE;

    private final SocketChannel channel;
    private final SelectionKey key;
    private volatile Runnable wake = () -> { };
    /// When the client's socket was found full, with nothing taken since; [#NEVER] while it takes.
    private volatile long fullSinceNanoTime = NEVER;
    private volatile boolean stalled;

    /// `key` is the channel's, without interest yet.
    SocketTransport(SocketChannel channel, SelectionKey key) {
        this.channel = channel;
        this.key = key;
    }

    @Override
    public void onReady(Runnable newWake) {
        wake = newWake;
    }

    /// The selector's thread: something may be done again.
    @Override
    public void ready() {
        key.interestOpsAnd(~key.readyOps());
        wake.run();
    }

    boolean isGone() {
        return !channel.isOpen();
    }

    /// Whether bytes wait for a client that takes none.
    boolean isFull() {
        return fullSinceNanoTime != NEVER;
    }

    /// Ends the connection if the client has taken nothing for `patienceNs`. The selector's thread.
    void dropIfStalled(long nowNanoTime, long patienceNs) {
        long since = fullSinceNanoTime;
        if (since != NEVER && nowNanoTime - since >= patienceNs) {
            stalled = true;
            wake.run();
        }
    }

    @Override
    public int receive(byte[] to, int offset, int byteLength) throws IOException {
        int count = read(ByteBuffer.wrap(to, offset, byteLength));
        if (count < 0) {
            throw new ClientGoneException("the client has closed its socket");
        }
        if (count < byteLength) {
            await(SelectionKey.OP_READ);
        }
        return count;
    }

    @Override
    public int send(byte[] from, int offset, int byteLength) throws IOException {
        if (stalled) {
            throw new IOException("it does not read what it is sent");
        }
        int count = write(ByteBuffer.wrap(from, offset, byteLength));
        if (count > 0) {
            fullSinceNanoTime = NEVER;
        }
        if (count < byteLength) {
            if (fullSinceNanoTime == NEVER) {
                fullSinceNanoTime = System.nanoTime();
            }
            await(SelectionKey.OP_WRITE);
        }
        return count;
    }

    /// A client that was killed looks like a failure here, but it is only gone.
    private int read(ByteBuffer buffer) throws ClientGoneException {
        try {
            return channel.read(buffer);
        } catch (IOException e) {
            throw new ClientGoneException(e.getMessage());
        }
    }

    private int write(ByteBuffer buffer) throws ClientGoneException {
        try {
            return channel.write(buffer);
        } catch (IOException e) {
            throw new ClientGoneException(e.getMessage());
        }
    }

    private void await(int operation) {
        try {
            key.interestOpsOr(operation);
            key.selector().wakeup();
        } catch (CancelledKeyException _) {
            // Closed meanwhile: nothing is awaited any more.
        }
    }

    @Override
    public void close(String fault) {
        try {
            channel.close();
        } catch (IOException _) {
            // It is gone either way.
        }
        // The selector forgets the key, and with it counts the client out, when it next looks.
        key.selector().wakeup();
    }
}
