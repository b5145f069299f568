package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.getU8;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.setU8;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.u8;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct trap_info`, from xen/include/public/arch-x86/xen.h: one virtual gate of set_trap_table.
///
/// The table that the guest passes ends at the first entry whose address is 0; that end need not come, so a reader
/// stops after [#VECTOR_COUNT] entries itself.
public final class XenTrapInfo {
    /// Bits 0 and 1 of `flags`.
    public static final int FLAGS_DPL_MASK = 3;
    /// Bit 2 of `flags`: the gate masks events, as an interrupt gate clears IF.
    public static final int FLAGS_MASK_EVENTS = 4;
    /// A trap table has an entry for each of this many vectors at most.
    public static final int VECTOR_COUNT = 256;

    public static final StructLayout LAYOUT = struct("trap_info", u8("vector"), u8("flags"), u16("cs"), u64("address"));
    public static final long SIZEOF = LAYOUT.byteSize();
    private static final long VECTOR = offsetOf(LAYOUT, "vector");
    private static final long FLAGS = offsetOf(LAYOUT, "flags");
    private static final long CS = offsetOf(LAYOUT, "cs");
    private static final long ADDRESS = offsetOf(LAYOUT, "address");

    private XenTrapInfo() {
    }

    public static int vector(MemorySegment s, long base) { return getU8(s, base + VECTOR); }
    public static void vector(MemorySegment s, long base, int v) { setU8(s, base + VECTOR, v); }
    public static int flags(MemorySegment s, long base) { return getU8(s, base + FLAGS); }
    public static void flags(MemorySegment s, long base, int v) { setU8(s, base + FLAGS, v); }
    public static int cs(MemorySegment s, long base) { return getU16(s, base + CS); }
    public static void cs(MemorySegment s, long base, int v) { setU16(s, base + CS, v); }
    public static long address(MemorySegment s, long base) { return s.get(JAVA_LONG, base + ADDRESS); }
    public static void address(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + ADDRESS, v); }

    /// Privilege level from which `int n` may use the gate, of the flags byte.
    public static int dpl(int flags) {
        return flags & FLAGS_DPL_MASK;
    }

    /// Whether entering the handler masks events, of the flags byte.
    public static boolean masksEvents(int flags) {
        return (flags & FLAGS_MASK_EVENTS) != 0;
    }
}
