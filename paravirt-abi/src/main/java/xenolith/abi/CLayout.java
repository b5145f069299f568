package xenolith.abi;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Builds struct layouts by the x86-64 C rules, so that nobody counts padding by hand.
///
/// Each field goes to the next multiple of its alignment, and the whole is rounded up to the largest alignment: what
/// gcc does with Xen's public headers, which are laid out without packing. The sizes and offsets that follow are
/// compared with gcc's own in the tests. A field is named by its width only; whether it is signed is its accessor's
/// affair.
///
/// Layouts are built in class initialisers and kept in `static final` fields: a layout or an offset elsewhere is slow.
public final class CLayout {
    private CLayout() {
    }

    /// A `struct` with the tag `name`, padded as C pads it.
    public static StructLayout struct(String name, MemoryLayout... members) {
        List<MemoryLayout> padded = new ArrayList<>();
        long offset = 0;
        long alignment = 1;
        for (MemoryLayout member : members) {
            offset = pad(padded, offset, member.byteAlignment());
            padded.add(member);
            offset += member.byteSize();
            alignment = Math.max(alignment, member.byteAlignment());
        }
        pad(padded, offset, alignment);
        return MemoryLayout.structLayout(padded.toArray(MemoryLayout[]::new)).withName(name);
    }

    /// A `union` field called `name`, as large as its largest member.
    public static UnionLayout union(String name, MemoryLayout... members) {
        List<MemoryLayout> all = new ArrayList<>(List.of(members));
        UnionLayout bare = MemoryLayout.unionLayout(members);
        long tail = -bare.byteSize() & (bare.byteAlignment() - 1);
        if (tail != 0) {
            all.add(MemoryLayout.paddingLayout(bare.byteSize() + tail));
        }
        return MemoryLayout.unionLayout(all.toArray(MemoryLayout[]::new)).withName(name);
    }

    /// An array field of `count` elements.
    public static SequenceLayout array(String name, long count, MemoryLayout element) {
        return MemoryLayout.sequenceLayout(count, element).withName(name);
    }

    /// An 8-bit field.
    public static ValueLayout.OfByte u8(String name) {
        return ValueLayout.JAVA_BYTE.withName(name);
    }

    /// A 16-bit field.
    public static ValueLayout.OfShort u16(String name) {
        return ValueLayout.JAVA_SHORT.withName(name);
    }

    /// A 32-bit field: `uint32_t`, `unsigned int`, `evtchn_port_t`, `grant_ref_t`.
    public static ValueLayout.OfInt u32(String name) {
        return ValueLayout.JAVA_INT.withName(name);
    }

    /// A 64-bit field: `uint64_t`, `xen_pfn_t`, `unsigned long`, and every guest handle, which is a guest address.
    public static ValueLayout.OfLong u64(String name) {
        return ValueLayout.JAVA_LONG.withName(name);
    }

    /// The byte offset of a field, by the names on the way to it.
    public static long offsetOf(GroupLayout layout, String... names) {
        PathElement[] path = new PathElement[names.length];
        for (int i = 0; i < names.length; i++) {
            path[i] = PathElement.groupElement(names[i]);
        }
        return layout.byteOffset(path);
    }

    /// An unsigned 8-bit field, at a byte offset.
    public static int getU8(MemorySegment s, long offset) {
        return Byte.toUnsignedInt(s.get(ValueLayout.JAVA_BYTE, offset));
    }

    /// Stores the low 8 bits of `v`.
    public static void setU8(MemorySegment s, long offset, int v) {
        s.set(ValueLayout.JAVA_BYTE, offset, (byte) v);
    }

    /// An unsigned 16-bit field, at a byte offset.
    public static int getU16(MemorySegment s, long offset) {
        return Short.toUnsignedInt(s.get(ValueLayout.JAVA_SHORT, offset));
    }

    /// Stores the low 16 bits of `v`.
    public static void setU16(MemorySegment s, long offset, int v) {
        s.set(ValueLayout.JAVA_SHORT, offset, (short) v);
    }

    private static long pad(List<MemoryLayout> members, long offset, long alignment) {
        long gap = -offset & (alignment - 1);
        if (gap != 0) {
            members.add(MemoryLayout.paddingLayout(gap));
        }
        return offset + gap;
    }
}
