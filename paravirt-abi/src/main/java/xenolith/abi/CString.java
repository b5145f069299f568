package xenolith.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Fixed-size `char` arrays inside structs: filled to the end with zeros, so that nothing of the host leaks.
final class CString {
    private CString() {
    }

    /// Writes `v` and its terminating zero into an array of `capacity` bytes.
    ///
    /// Throws `IllegalArgumentException` if it does not fit: the text is ours or the operator's, never the guest's.
    static void put(MemorySegment s, long offset, int capacity, String v) {
        byte[] bytes = v.getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= capacity) {
            throw new IllegalArgumentException("text of " + bytes.length + " bytes, room for " + (capacity - 1));
        }
        MemorySegment.copy(bytes, 0, s, ValueLayout.JAVA_BYTE, offset, bytes.length);
        s.asSlice(offset + bytes.length, capacity - bytes.length).fill((byte) 0);
    }

    /// Reads up to the first zero, or the whole array where there is none; any byte is legal.
    static String get(MemorySegment s, long offset, int capacity) {
        byte[] bytes = s.asSlice(offset, capacity).toArray(ValueLayout.JAVA_BYTE);
        int length = 0;
        while (length < capacity && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
