package xenolith.tool.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/// Lines of text over a socket, each of a bounded length. For one thread at a time.
final class LineChannel implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer buffer;

    LineChannel(SocketChannel channel, int maxLineBytes) {
        this.channel = channel;
        this.buffer = ByteBuffer.allocate(maxLineBytes);
    }

    /// Reads once and returns the first line that is whole now, or null. A channel that blocks waits in the read, not
    /// for a line.
    ///
    /// @throws EOFException if the other side has closed
    /// @throws IOException if the line is too long
    String readLine() throws IOException {
        if (channel.read(buffer) < 0) {
            throw new EOFException("the connection has ended");
        }
        String line = nextLine();
        if (line == null && !buffer.hasRemaining()) {
            throw new IOException("a line of " + buffer.capacity() + " bytes and no end");
        }
        return line;
    }

    /// The next line of those read already, or null.
    String nextLine() {
        for (int i = 0; i < buffer.position(); i++) {
            if (buffer.get(i) == '\n') {
                String line = new String(buffer.array(), 0, i, UTF_8);
                buffer.flip().position(i + 1);
                buffer.compact();
                return line;
            }
        }
        return null;
    }

    /// Writes all of a line, which has its end.
    ///
    /// @throws IOException if the channel does not take it at once
    void write(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(UTF_8));
        channel.write(bytes);
        if (bytes.hasRemaining()) {
            throw new IOException("the other side does not read");
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException _) {
            // It is gone either way.
        }
    }
}
