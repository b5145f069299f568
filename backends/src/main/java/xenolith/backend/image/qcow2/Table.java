package xenolith.backend.image.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A cluster full of entries in memory: a level-2 table or a refcount block. Under the image's lock.
final class Table {
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int SECTOR = 512;

    final MemorySegment bytes;
    /// Which table it holds, or -1.
    int index = -1;
    /// Where it lies in the image.
    long hostOffset;
    /// Whether something on the storage says that it is there.
    boolean linked;
    /// Looked at since the cache last searched for room.
    boolean recent;
    /// Being written: what is on the storage may be older than what is here.
    boolean committing;
    /// The bytes that changed since they were last handed to a commit; whole sectors, none if equal.
    private int dirtyFrom;
    private int dirtyTo;

    Table(int clusterBytes) {
        bytes = Arena.ofAuto().allocate(clusterBytes, Long.BYTES);
    }

    long get(int entry) {
        return bytes.get(U64, (long) entry * Long.BYTES);
    }

    void set(int entry, long value) {
        bytes.set(U64, (long) entry * Long.BYTES, value);
        soil(entry * Long.BYTES, Long.BYTES);
    }

    /// A count of `1 << order` bits; of those smaller than a byte the first stands in the lowest bits.
    long count(int entry, int order) {
        return switch (order) {
            case 3 -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, entry));
            case 4 -> Short.toUnsignedLong(Short.reverseBytes(bytes.get(ValueLayout.JAVA_SHORT, 2L * entry)));
            case 5 -> Integer.toUnsignedLong(Integer.reverseBytes(bytes.get(ValueLayout.JAVA_INT, 4L * entry)));
            case 6 -> bytes.get(U64, 8L * entry);
            default -> {
                int perByte = 3 - order;
                int shift = (entry & (1 << perByte) - 1) << order;
                yield bytes.get(ValueLayout.JAVA_BYTE, entry >> perByte) >> shift & (1 << (1 << order)) - 1;
            }
        };
    }

    void setCount(int entry, int order, long value) {
        switch (order) {
            case 3 -> bytes.set(ValueLayout.JAVA_BYTE, entry, (byte) value);
            case 4 -> bytes.set(ValueLayout.JAVA_SHORT, 2L * entry, Short.reverseBytes((short) value));
            case 5 -> bytes.set(ValueLayout.JAVA_INT, 4L * entry, Integer.reverseBytes((int) value));
            case 6 -> bytes.set(U64, 8L * entry, value);
            default -> {
                int perByte = 3 - order;
                int shift = (entry & (1 << perByte) - 1) << order;
                int mask = (1 << (1 << order)) - 1 << shift;
                int old = bytes.get(ValueLayout.JAVA_BYTE, entry >> perByte);
                bytes.set(ValueLayout.JAVA_BYTE, entry >> perByte, (byte) (old & ~mask | (int) value << shift));
            }
        }
        soil((int) ((long) entry << order >> 3), 1);
    }

    private void soil(int from, int length) {
        int first = from & -SECTOR;
        int end = (from + length + SECTOR - 1) & -SECTOR;
        dirtyFrom = isDirty() ? Math.min(dirtyFrom, first) : first;
        dirtyTo = Math.max(dirtyTo, end);
    }

    void soilAll() {
        soil(0, (int) bytes.byteSize());
    }

    void soilAgain(int from, int to) {
        soil(from, to - from);
    }

    boolean isDirty() {
        return dirtyFrom < dirtyTo;
    }

    int dirtyFrom() {
        return dirtyFrom;
    }

    int dirtyTo() {
        return dirtyTo;
    }

    void clean() {
        dirtyFrom = 0;
        dirtyTo = 0;
    }
}
