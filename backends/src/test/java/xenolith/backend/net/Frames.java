package xenolith.backend.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import xenolith.posix.Iovec;

/// Frames as a [FramePort] takes and gives them, for tests.
public final class Frames {
    public static final long BROADCAST = 0xffff_ffff_ffffL;
    private static final int BUFFER_BYTES = 1 << 17;

    private final MemorySegment memory = Arena.ofAuto().allocate(BUFFER_BYTES);
    private final Iovec pieces = new Iovec(4);

    /// A header of zeroes, two addresses, a type that is nobody's, and text.
    public static byte[] bytes(long to, long from, String text) {
        byte[] letters = text.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer frame = ByteBuffer.allocate(FramePort.HEADER_BYTES + 14 + letters.length);
        frame.position(FramePort.HEADER_BYTES);
        frame.putShort((short) (to >> 32)).putInt((int) to).putShort((short) (from >> 32)).putInt((int) from);
        frame.putShort((short) 0x88b5).put(letters);
        return frame.array();
    }

    /// Sends it in three pieces, as a frame lies about in a guest's memory.
    public int send(FramePort port, byte[] frame) {
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 0, frame.length);
        pieces.clear();
        pieces.add(memory, 0, 10);
        pieces.add(memory, 10, 7);
        pieces.add(memory, 17, frame.length - 17);
        return port.send(pieces);
    }

    public int send(FramePort port, long to, long from, String text) {
        return send(port, bytes(to, from, text));
    }

    /// What [FramePort#receive] says of the next one, which [#received] then shows.
    public int receive(FramePort port) {
        pieces.clear();
        pieces.add(memory, 0, 13);
        pieces.add(memory, 13, BUFFER_BYTES - 13);
        return port.receive(pieces);
    }

    /// The first bytes of what came.
    public byte[] received(int byteLength) {
        return memory.asSlice(0, byteLength).toArray(ValueLayout.JAVA_BYTE);
    }

    /// The text of the next frame, or what went wrong.
    public String text(FramePort port) {
        int length = receive(port);
        return length < 24 ? "none: " + length
                : new String(received(length), 24, length - 24, StandardCharsets.US_ASCII);
    }
}
