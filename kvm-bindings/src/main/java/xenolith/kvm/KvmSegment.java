package xenolith.kvm;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct kvm_segment` of `<asm/kvm.h>`: a segment register with its hidden part.
///
/// Accessors take a segment and the byte offset of the struct in it, for example [KvmSregs#CS]. Small fields are
/// read as unsigned `int`.
public final class KvmSegment {
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("base"),
            JAVA_INT.withName("limit"),
            JAVA_SHORT.withName("selector"),
            JAVA_BYTE.withName("type"),
            JAVA_BYTE.withName("present"),
            JAVA_BYTE.withName("dpl"),
            JAVA_BYTE.withName("db"),
            JAVA_BYTE.withName("s"),
            JAVA_BYTE.withName("l"),
            JAVA_BYTE.withName("g"),
            JAVA_BYTE.withName("avl"),
            JAVA_BYTE.withName("unusable"),
            JAVA_BYTE.withName("padding")).withName("kvm_segment");
    public static final long SIZEOF = LAYOUT.byteSize();

    private static final long BASE = LAYOUT.byteOffset(groupElement("base"));
    private static final long LIMIT = LAYOUT.byteOffset(groupElement("limit"));
    private static final long SELECTOR = LAYOUT.byteOffset(groupElement("selector"));
    private static final long TYPE = LAYOUT.byteOffset(groupElement("type"));
    private static final long PRESENT = LAYOUT.byteOffset(groupElement("present"));
    private static final long DPL = LAYOUT.byteOffset(groupElement("dpl"));
    private static final long DB = LAYOUT.byteOffset(groupElement("db"));
    private static final long S_BIT = LAYOUT.byteOffset(groupElement("s"));
    private static final long L_BIT = LAYOUT.byteOffset(groupElement("l"));
    private static final long G_BIT = LAYOUT.byteOffset(groupElement("g"));
    private static final long AVL = LAYOUT.byteOffset(groupElement("avl"));
    private static final long UNUSABLE = LAYOUT.byteOffset(groupElement("unusable"));

    /// Type 11: execute, read, accessed.
    private static final int TYPE_CODE = 0xb;
    /// Type 3: read, write, accessed.
    private static final int TYPE_DATA = 0x3;

    private KvmSegment() {
    }

    /// Fills a flat 64-bit code segment.
    public static void code64(MemorySegment s, long at, int selector, int dpl) {
        flat(s, at, selector, dpl, TYPE_CODE);
        l(s, at, 1);
        db(s, at, 0);
    }

    /// Fills a flat, writable data segment.
    public static void data(MemorySegment s, long at, int selector, int dpl) {
        flat(s, at, selector, dpl, TYPE_DATA);
        l(s, at, 0);
        db(s, at, 1);
    }

    private static void flat(MemorySegment s, long at, int selector, int dpl, int type) {
        base(s, at, 0);
        limit(s, at, 0xffff_ffff);
        selector(s, at, selector);
        type(s, at, type);
        present(s, at, 1);
        dpl(s, at, dpl);
        s(s, at, 1);
        g(s, at, 1);
        avl(s, at, 0);
        unusable(s, at, 0);
    }

    public static long base(MemorySegment s, long at) {
        return s.get(JAVA_LONG, at + BASE);
    }

    public static void base(MemorySegment s, long at, long value) {
        s.set(JAVA_LONG, at + BASE, value);
    }

    public static int limit(MemorySegment s, long at) {
        return s.get(JAVA_INT, at + LIMIT);
    }

    public static void limit(MemorySegment s, long at, int value) {
        s.set(JAVA_INT, at + LIMIT, value);
    }

    public static int selector(MemorySegment s, long at) {
        return Short.toUnsignedInt(s.get(JAVA_SHORT, at + SELECTOR));
    }

    public static void selector(MemorySegment s, long at, int value) {
        s.set(JAVA_SHORT, at + SELECTOR, (short) value);
    }

    public static int type(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + TYPE));
    }

    public static void type(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + TYPE, (byte) value);
    }

    public static int present(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + PRESENT));
    }

    public static void present(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + PRESENT, (byte) value);
    }

    public static int dpl(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + DPL));
    }

    public static void dpl(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + DPL, (byte) value);
    }

    public static int db(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + DB));
    }

    public static void db(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + DB, (byte) value);
    }

    public static int s(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + S_BIT));
    }

    public static void s(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + S_BIT, (byte) value);
    }

    public static int l(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + L_BIT));
    }

    public static void l(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + L_BIT, (byte) value);
    }

    public static int g(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + G_BIT));
    }

    public static void g(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + G_BIT, (byte) value);
    }

    public static int avl(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + AVL));
    }

    public static void avl(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + AVL, (byte) value);
    }

    public static int unusable(MemorySegment s, long at) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, at + UNUSABLE));
    }

    public static void unusable(MemorySegment s, long at, int value) {
        s.set(JAVA_BYTE, at + UNUSABLE, (byte) value);
    }
}
