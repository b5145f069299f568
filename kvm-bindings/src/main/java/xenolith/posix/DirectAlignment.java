package xenolith.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// What a file asks of reads and writes past the page cache ([Fd#O_DIRECT]), in bytes: `statx(2)`, `<linux/stat.h>`. Both
/// are 0 for a file that is not read and written so, whether it could be opened so or not.
///
/// @param memoryBytes what memory is aligned to
/// @param offsetBytes what offsets and lengths are multiples of
public record DirectAlignment(long memoryBytes, long offsetBytes) {
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_DIOALIGN = 0x2000;
    private static final long FIELDS_BETWEEN_BYTES = 148;
    private static final long SPARE_BYTES = 96;
    private static final StructLayout STATX = MemoryLayout.structLayout(
            ValueLayout.JAVA_INT.withName("stx_mask"),
            MemoryLayout.paddingLayout(FIELDS_BETWEEN_BYTES),
            ValueLayout.JAVA_INT.withName("stx_dio_mem_align"),
            ValueLayout.JAVA_INT.withName("stx_dio_offset_align"),
            MemoryLayout.paddingLayout(SPARE_BYTES)).withName("statx");
    private static final long MASK = offset("stx_mask");
    private static final long DIO_MEM_ALIGN = offset("stx_dio_mem_align");
    private static final long DIO_OFFSET_ALIGN = offset("stx_dio_offset_align");

    private static long offset(String field) {
        return STATX.byteOffset(PathElement.groupElement(field));
    }

    /// Asks the host. Empty where it does not tell: Linux does since 6.1, of most file systems.
    public static Optional<DirectAlignment> of(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statx = arena.allocate(STATX);
            MemorySegment itself = arena.allocateFrom("");
            int result = Libc.statx(CallState.ofThread(), fd.raw(), itself.address(), AT_EMPTY_PATH, STATX_DIOALIGN,
                    statx.address());
            if (result < 0 || (statx.get(ValueLayout.JAVA_INT, MASK) & STATX_DIOALIGN) == 0) {
                return Optional.empty();
            }
            return Optional.of(new DirectAlignment(word(statx, DIO_MEM_ALIGN), word(statx, DIO_OFFSET_ALIGN)));
        }
    }

    private static long word(MemorySegment statx, long at) {
        return Integer.toUnsignedLong(statx.get(ValueLayout.JAVA_INT, at));
    }
}
