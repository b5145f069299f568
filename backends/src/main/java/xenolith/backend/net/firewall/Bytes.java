package xenolith.backend.net.firewall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Reads and writes a frame's fields, which stand at any address in the network's byte order.
final class Bytes {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Bytes() {
    }

    static int u8(MemorySegment from, long at) {
        return from.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    static int u16(MemorySegment from, long at) {
        return from.get(SHORT, at) & 0xffff;
    }

    static long u32(MemorySegment from, long at) {
        return from.get(INT, at) & 0xffff_ffffL;
    }

    static long u48(MemorySegment from, long at) {
        return (long) u16(from, at) << 32 | u32(from, at + 2);
    }

    static long s64(MemorySegment from, long at) {
        return from.get(LONG, at);
    }

    static void put16(MemorySegment to, long at, int value) {
        to.set(SHORT, at, (short) value);
    }

    static void put32(MemorySegment to, long at, long value) {
        to.set(INT, at, (int) value);
    }

    static void put64(MemorySegment to, long at, long value) {
        to.set(LONG, at, value);
    }
}
