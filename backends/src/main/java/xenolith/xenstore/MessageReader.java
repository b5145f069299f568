package xenolith.xenstore;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import xenolith.abi.io.XsWire;

/// Puts messages together from bytes that come in pieces. It never takes bytes beyond the message at hand, so what is
/// not read yet stays with the client and holds it back.
final class MessageReader {
    private final byte[] header = new byte[Message.HEADER_SIZE];
    private final MemorySegment headerSegment = MemorySegment.ofArray(header);
    private byte[] payload;
    private int filled;
    private boolean tookSome;

    /// Returns the next message, or null if its end has not come yet.
    ///
    /// @throws ProtocolException if the client announces a longer payload than the wire allows: its stream cannot be
    ///         followed further
    Message read(Transport transport) throws IOException {
        if (payload == null) {
            if (!fill(transport, header)) {
                return null;
            }
            payload = new byte[payloadLength()];
            filled = 0;
        }
        return fill(transport, payload) ? complete() : null;
    }

    /// Fills `part`; false if the rest of it has not come. Looks again after each piece until there is none: who sends a
    /// second piece while we take the first sees us at work, and does not say so.
    private boolean fill(Transport transport, byte[] part) throws IOException {
        while (filled < part.length) {
            int count = transport.receive(part, filled, part.length - filled);
            if (count == 0) {
                return false;
            }
            filled += count;
            tookSome = true;
        }
        return true;
    }

    /// Whether anything has come since this was asked last.
    boolean takeProgress() {
        boolean progress = tookSome;
        tookSome = false;
        return progress;
    }

    /// Forgets what has come of a message.
    void reset() {
        payload = null;
        filled = 0;
    }

    private int payloadLength() throws ProtocolException {
        int length = XsWire.len(headerSegment, 0);
        if (Integer.compareUnsigned(length, XsWire.XENSTORE_PAYLOAD_MAX) > 0) {
            throw new ProtocolException("a message with a payload of " + Integer.toUnsignedString(length) + " bytes");
        }
        return length;
    }

    private Message complete() {
        Message message = new Message(XsWire.type(headerSegment, 0), XsWire.reqId(headerSegment, 0),
                XsWire.txId(headerSegment, 0), payload);
        reset();
        return message;
    }
}
