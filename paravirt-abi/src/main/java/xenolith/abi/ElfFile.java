package xenolith.abi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// The bytes of an untrusted file, behind the one range check that all of [ElfImage] goes through.
final class ElfFile {
    private final MemorySegment bytes;

    ElfFile(MemorySegment bytes) {
        this.bytes = bytes.asReadOnly();
    }

    MemorySegment bytes() {
        return bytes;
    }

    /// Names of the file's own, fit for a message of one line.
    static String printable(String name) {
        return name.replaceAll("[^\\x20-\\x7e]", "?");
    }

    /// The part of the file that `what` claims. Numbers of 2^63 and more are negative here and refused with the rest.
    MemorySegment slice(String what, long offset, long byteSize) {
        if (offset < 0 || byteSize < 0 || byteSize > bytes.byteSize() || offset > bytes.byteSize() - byteSize) {
            throw new BadImageException("%s at 0x%x with 0x%x bytes exceeds the image of 0x%x bytes"
                    .formatted(printable(what), offset, byteSize, bytes.byteSize()));
        }
        return bytes.asSlice(offset, byteSize);
    }

    /// A zero-terminated string of at most `limit` bytes in a string table.
    static String string(String what, MemorySegment table, long offset, int limit) {
        if (offset < 0 || offset >= table.byteSize()) {
            throw new BadImageException("%s at 0x%x lies outside its string table of 0x%x bytes"
                    .formatted(what, offset, table.byteSize()));
        }
        long room = Math.min(table.byteSize() - offset, limit + 1L);
        for (int length = 0; length < room; length++) {
            if (table.get(ValueLayout.JAVA_BYTE, offset + length) == 0) {
                return text(table, offset, length);
            }
        }
        throw new BadImageException("%s at 0x%x has no end within %d bytes".formatted(what, offset, room));
    }

    /// Bytes as text, one character each, so that no byte is illegal.
    static String text(MemorySegment s, long offset, long length) {
        byte[] copy = s.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
        return new String(copy, StandardCharsets.ISO_8859_1);
    }
}
