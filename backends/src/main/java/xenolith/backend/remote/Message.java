package xenolith.backend.remote;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import xenolith.posix.Errno;
import xenolith.posix.Fd;
import xenolith.posix.Iovec;
import xenolith.posix.UnixSocket;

/// One message, written or read from front to back: its type and tag, numbers, texts and bytes in the host's order, and
/// descriptors beside them. Used again and again, by one thread at a time.
///
/// What is read is checked against the message's end alone; what the numbers mean is for the reader to check.
final class Message {
    /// A page of data and what goes with it.
    static final int MAX_BYTES = 4096 + 256;
    static final int MAX_TEXT = 256;
    private static final int[] NONE = {};

    private final MemorySegment bytes = Arena.ofAuto().allocate(MAX_BYTES, Long.BYTES);
    private final Iovec piece = new Iovec(1);
    private final List<Fd> received = new ArrayList<>();
    private int[] sent = NONE;
    private int at;
    private int end;

    /// Begins a new message.
    Message begin(int type, int tag) {
        at = 0;
        end = MAX_BYTES;
        sent = NONE;
        return putInt(type).putInt(tag);
    }

    Message putInt(int value) {
        bytes.set(JAVA_INT_UNALIGNED, advance(Integer.BYTES), value);
        return this;
    }

    Message putLong(long value) {
        bytes.set(JAVA_LONG_UNALIGNED, advance(Long.BYTES), value);
        return this;
    }

    /// A text of at most [#MAX_TEXT] characters: the rest of a longer one is dropped.
    Message putText(String text) {
        byte[] encoded = text.substring(0, Math.min(text.length(), MAX_TEXT)).getBytes(ISO_8859_1);
        putInt(encoded.length);
        MemorySegment.copy(encoded, 0, bytes, JAVA_BYTE, advance(encoded.length), encoded.length);
        return this;
    }

    Message putBytes(MemorySegment from, long offset, int byteLength) {
        MemorySegment.copy(from, offset, bytes, advance(byteLength), byteLength);
        return this;
    }

    /// Room for so many bytes; returns where it begins in [#segment].
    int reserve(int byteLength) {
        return advance(byteLength);
    }

    /// Writes a number where [#reserve] made room.
    void setInt(int where, int value) {
        bytes.set(JAVA_INT_UNALIGNED, where, value);
    }

    MemorySegment segment() {
        return bytes;
    }

    /// Descriptors that go with the message.
    Message with(int... descriptors) {
        sent = descriptors;
        return this;
    }

    private int advance(int byteLength) {
        int here = at;
        if (byteLength > end - here) {
            throw new IllegalStateException("a message of more than " + MAX_BYTES + " bytes");
        }
        at += byteLength;
        return here;
    }

    int getInt() throws ProtocolException {
        return bytes.get(JAVA_INT_UNALIGNED, taken(Integer.BYTES));
    }

    long getLong() throws ProtocolException {
        return bytes.get(JAVA_LONG_UNALIGNED, taken(Long.BYTES));
    }

    /// A text of printable characters.
    String getText() throws ProtocolException {
        int length = getInt();
        if (length < 0 || length > MAX_TEXT) {
            throw new ProtocolException("a text of " + length + " bytes");
        }
        byte[] encoded = bytes.asSlice(taken(length), length).toArray(JAVA_BYTE);
        for (byte b : encoded) {
            if (b < ' ') {
                throw new ProtocolException("a text that cannot be printed");
            }
        }
        return new String(encoded, ISO_8859_1);
    }

    /// Bytes of the message; returns where they begin in [#segment].
    int getBytes(int byteLength) throws ProtocolException {
        return taken(byteLength);
    }

    boolean hasDescriptors() {
        return !received.isEmpty();
    }

    /// A descriptor that came with the message, which is the caller's to close from now on.
    Fd takeDescriptor() throws ProtocolException {
        if (received.isEmpty()) {
            throw new ProtocolException("a descriptor is missing");
        }
        return received.removeFirst();
    }

    private int taken(int byteLength) throws ProtocolException {
        if (byteLength < 0 || byteLength > end - at) {
            throw new ProtocolException("a message of " + end + " bytes, which is too short");
        }
        int here = at;
        at += byteLength;
        return here;
    }

    /// Becomes a copy of `other`, as far as that has been received, and takes its descriptors over.
    void moveFrom(Message other) {
        closeDescriptors();
        MemorySegment.copy(other.bytes, 0, bytes, 0, other.end);
        at = other.at;
        end = other.end;
        received.addAll(other.received);
        other.received.clear();
    }

    /// Closes descriptors that nobody took.
    void closeDescriptors() {
        received.forEach(Fd::close);
        received.clear();
    }

    /// Sends what was written. Returns 0 or `-errno`.
    long send(UnixSocket socket) {
        piece.clear();
        piece.add(bytes, 0, at);
        long result = sent.length == 0 ? socket.send(piece) : socket.send(piece, sent);
        return Math.min(result, 0);
    }

    /// Receives a message. Returns its bytes, 0 if the peer is gone, or `-errno`; -EPROTO for one too short to be one.
    long receive(UnixSocket socket) {
        closeDescriptors();
        piece.clear();
        piece.add(bytes, 0, MAX_BYTES);
        long result = socket.receive(piece, received);
        at = 0;
        end = (int) Math.max(result, 0);
        return result > 0 && result < 2 * Integer.BYTES ? -Errno.EPROTO : result;
    }
}
