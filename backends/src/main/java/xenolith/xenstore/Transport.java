package xenolith.xenstore;

import java.io.IOException;

/// The bytes of one connection, in both directions: a ring page, or a stream such as a Unix socket. Never waits.
///
/// All methods but [#onReady] are called by the server's thread, or by the one that ends the connection, never by two at
/// once.
public interface Transport {
    /// Says what to run when there may be more to receive, or room to send, than before. It must only wake somebody.
    void onReady(Runnable wake);

    /// Takes at most `byteLength` of the bytes that are there, perhaps none. Returns how many.
    ///
    /// @throws IOException if the client is gone or breaks the transport's rules
    int receive(byte[] to, int offset, int byteLength) throws IOException;

    /// Sends as many of the bytes as there is room for, perhaps none. Returns how many.
    ///
    /// @throws IOException if the client is gone or breaks the transport's rules
    int send(byte[] from, int offset, int byteLength) throws IOException;

    /// Called after a round of receiving and sending, to tell the client of it.
    default void flush() throws IOException {
    }

    /// Whether the client asks to start over with empty queues. The server forgets the connection's state and then
    /// calls [#acknowledgeReset].
    default boolean resetRequested() {
        return false;
    }

    default void acknowledgeReset() throws IOException {
    }

    /// Called once, last: `fault` says what the client did wrong, or is null if it did nothing.
    void close(String fault);
}
