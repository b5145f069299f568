package xenolith.xenstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import xenolith.abi.io.XsWire;

/// One message of the wire: `struct xsd_sockmsg` and what follows it.
record Message(int type, int reqId, int txId, byte[] payload) {
    static final int HEADER_SIZE = (int) XsWire.SIZEOF;

    /// A watch event: unasked for, so without the numbers of a request.
    static Message event(String path, String token) {
        return new Message(XsWire.XS_WATCH_EVENT, 0, 0, bytes(path + '\0' + token + '\0'));
    }

    /// The answer to this request.
    Message reply(byte[] answer) {
        return new Message(type, reqId, txId, answer);
    }

    /// The answer that this request failed.
    Message error(XsError error) {
        return new Message(XsWire.XS_ERROR, reqId, txId, bytes(error.name() + '\0'));
    }

    /// The message as it goes over the wire.
    byte[] encode() {
        byte[] wire = new byte[HEADER_SIZE + payload.length];
        MemorySegment header = MemorySegment.ofArray(wire);
        XsWire.type(header, 0, type);
        XsWire.reqId(header, 0, reqId);
        XsWire.txId(header, 0, txId);
        XsWire.len(header, 0, payload.length);
        System.arraycopy(payload, 0, wire, HEADER_SIZE, payload.length);
        return wire;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
