package xenolith.abi.x86;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import xenolith.abi.CLayout;

/// One line of the memory map that XENMEM_memory_map fills in, in the form of the PC's BIOS call (int 15h, e820).
///
/// 20 bytes without padding, so every second one stands misaligned: the accessors do not ask for alignment.
public final class E820Entry {
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            ValueLayout.JAVA_LONG_UNALIGNED.withName("addr"),
            ValueLayout.JAVA_LONG_UNALIGNED.withName("size"),
            ValueLayout.JAVA_INT_UNALIGNED.withName("type")).withName("boot_e820_entry");
    public static final long SIZEOF = LAYOUT.byteSize();
    private static final long ADDR = CLayout.offsetOf(LAYOUT, "addr");
    private static final long SIZE = CLayout.offsetOf(LAYOUT, "size");
    private static final long TYPE = CLayout.offsetOf(LAYOUT, "type");

    /// Usable memory.
    public static final int E820_RAM = 1;
    /// Not to be touched.
    public static final int E820_RESERVED = 2;
    /// ACPI tables, reusable after they are read.
    public static final int E820_ACPI = 3;
    /// ACPI non-volatile storage.
    public static final int E820_NVS = 4;
    public static final int E820_UNUSABLE = 5;

    private E820Entry() {
    }

    public static long addr(MemorySegment s, long base) {
        return s.get(ValueLayout.JAVA_LONG_UNALIGNED, base + ADDR);
    }

    public static void addr(MemorySegment s, long base, long v) {
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, base + ADDR, v);
    }

    public static long size(MemorySegment s, long base) {
        return s.get(ValueLayout.JAVA_LONG_UNALIGNED, base + SIZE);
    }

    public static void size(MemorySegment s, long base, long v) {
        s.set(ValueLayout.JAVA_LONG_UNALIGNED, base + SIZE, v);
    }

    public static int type(MemorySegment s, long base) {
        return s.get(ValueLayout.JAVA_INT_UNALIGNED, base + TYPE);
    }

    public static void type(MemorySegment s, long base, int v) {
        s.set(ValueLayout.JAVA_INT_UNALIGNED, base + TYPE, v);
    }
}
