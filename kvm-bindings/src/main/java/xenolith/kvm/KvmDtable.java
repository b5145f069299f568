package xenolith.kvm;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct kvm_dtable` of `<asm/kvm.h>`: the base and limit of a descriptor table.
///
/// Accessors take a segment and the byte offset of the struct in it.
public final class KvmDtable {
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("base"),
            JAVA_SHORT.withName("limit"),
            MemoryLayout.sequenceLayout(3, JAVA_SHORT).withName("padding")).withName("kvm_dtable");
    public static final long SIZEOF = LAYOUT.byteSize();

    private static final long BASE = LAYOUT.byteOffset(groupElement("base"));
    private static final long LIMIT = LAYOUT.byteOffset(groupElement("limit"));

    private KvmDtable() {
    }

    public static long base(MemorySegment s, long at) {
        return s.get(JAVA_LONG, at + BASE);
    }

    public static void base(MemorySegment s, long at, long value) {
        s.set(JAVA_LONG, at + BASE, value);
    }

    public static int limit(MemorySegment s, long at) {
        return Short.toUnsignedInt(s.get(JAVA_SHORT, at + LIMIT));
    }

    public static void limit(MemorySegment s, long at, int value) {
        s.set(JAVA_SHORT, at + LIMIT, (short) value);
    }
}
