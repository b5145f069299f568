package xenolith.socket;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// The way to a socket that some process listens at.
public final class UnixSockets {
    private static final long RETRY_MS = 20;

    private UnixSockets() {
    }

    /// Connects. The channel does not block.
    ///
    /// A process that is stopped takes no connection once its queue is full: that is waited for no longer than `patience`.
    ///
    /// @throws SocketTimeoutException if it is
    public static SocketChannel connect(Path socket, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        for (;;) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.configureBlocking(false);
                if (channel.connect(UnixDomainSocketAddress.of(socket))) {
                    return channel;
                }
                channel.close();
            } catch (IOException | RuntimeException e) {
                channel.close();
                if (!isFull(socket, e)) {
                    throw e;
                }
            }
            pause(deadline);
        }
    }

    /// EAGAIN has no class of its own; other errors have, or come of a socket that is not there or not ours.
    private static boolean isFull(Path socket, Exception e) {
        return e instanceof SocketException && !(e instanceof ConnectException) && Files.isWritable(socket);
    }

    private static void pause(long deadline) throws IOException {
        if (System.nanoTime() >= deadline) {
            throw new SocketTimeoutException("nobody takes the connection");
        }
        try {
            Thread.sleep(RETRY_MS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }
}
