package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Page-table hypercalls: mmu_update, mmuext_op and update_va_mapping, from xen/include/public/xen.h.
///
/// Frames and addresses here are machine frames and addresses, except `linear_addr` and the virtual address of
/// update_va_mapping.
public final class XenMmu {
    /// Checked write to a page-table entry, or to plain memory.
    public static final int MMU_NORMAL_PT_UPDATE = 0;
    /// Sets the pfn of a frame in the machine-to-phys array.
    public static final int MMU_MACHPHYS_UPDATE = 1;
    /// As 0, and keeps accessed and dirty bits that appeared meanwhile.
    public static final int MMU_PT_UPDATE_PRESERVE_AD = 2;
    /// As 0, without pfn translation; for the control domain.
    public static final int MMU_PT_UPDATE_NO_TRANSLATE = 3;

    /// Validates a table and keeps its type until unpinned.
    public static final int MMUEXT_PIN_L1_TABLE = 0;
    public static final int MMUEXT_PIN_L2_TABLE = 1;
    public static final int MMUEXT_PIN_L3_TABLE = 2;
    public static final int MMUEXT_PIN_L4_TABLE = 3;
    public static final int MMUEXT_UNPIN_TABLE = 4;
    /// The root for guest kernel mode.
    public static final int MMUEXT_NEW_BASEPTR = 5;
    public static final int MMUEXT_TLB_FLUSH_LOCAL = 6;
    public static final int MMUEXT_INVLPG_LOCAL = 7;
    /// On the virtual CPUs of `vcpumask`.
    public static final int MMUEXT_TLB_FLUSH_MULTI = 8;
    public static final int MMUEXT_INVLPG_MULTI = 9;
    public static final int MMUEXT_TLB_FLUSH_ALL = 10;
    public static final int MMUEXT_INVLPG_ALL = 11;
    public static final int MMUEXT_FLUSH_CACHE = 12;
    /// `linear_addr` and `nr_ents`; no entries is the common case.
    public static final int MMUEXT_SET_LDT = 13;
    /// The root for guest user mode; mfn 0 for none.
    public static final int MMUEXT_NEW_USER_BASEPTR = 15;
    public static final int MMUEXT_CLEAR_PAGE = 16;
    public static final int MMUEXT_COPY_PAGE = 17;
    public static final int MMUEXT_FLUSH_CACHE_GLOBAL = 18;
    public static final int MMUEXT_MARK_SUPER = 19;
    public static final int MMUEXT_UNMARK_SUPER = 20;

    public static final long UVMF_NONE = 0;
    /// Flush the whole TLB.
    public static final long UVMF_TLB_FLUSH = 1;
    /// Flush the one address.
    public static final long UVMF_INVLPG = 2;
    public static final long UVMF_FLUSHTYPE_MASK = 3;
    /// With a flush: on the virtual CPUs of the bit map whose address is in the other bits.
    public static final long UVMF_MULTI = 0;
    /// With a flush: on this virtual CPU; the same number, told apart by the address being 0.
    public static final long UVMF_LOCAL = 0;
    /// With a flush: on all virtual CPUs.
    public static final long UVMF_ALL = 1 << 2;

    /// The two low bits of `mmu_update.ptr`, which hold one of the `MMU_` commands.
    public static final long MMU_COMMAND_MASK = 3;
    /// Set in the `count` argument of mmu_update when a call was cut short and is being continued.
    public static final int MMU_UPDATE_PREEMPTED = 0x80000000;

    private XenMmu() {
    }

    /// `struct mmu_update`: machine address with a command in its two low bits, and the new value.
    public static final class MmuUpdate {
        public static final StructLayout LAYOUT = struct("mmu_update", u64("ptr"), u64("val"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PTR = offsetOf(LAYOUT, "ptr");
        private static final long VAL = offsetOf(LAYOUT, "val");

        private MmuUpdate() {
        }

        public static long ptr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + PTR); }
        public static void ptr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + PTR, v); }
        public static long val(MemorySegment s, long base) { return s.get(JAVA_LONG, base + VAL); }
        public static void val(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + VAL, v); }
    }

    /// `struct mmuext_op`: which of the arguments count depends on `cmd`.
    public static final class MmuextOp {
        public static final StructLayout LAYOUT = struct("mmuext_op",
                u32("cmd"),
                union("arg1", u64("mfn"), u64("linear_addr")),
                union("arg2", u32("nr_ents"), u64("vcpumask"), u64("src_mfn")));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long CMD = offsetOf(LAYOUT, "cmd");
        private static final long MFN = offsetOf(LAYOUT, "arg1", "mfn");
        private static final long LINEAR_ADDR = offsetOf(LAYOUT, "arg1", "linear_addr");
        private static final long NR_ENTS = offsetOf(LAYOUT, "arg2", "nr_ents");
        private static final long VCPUMASK = offsetOf(LAYOUT, "arg2", "vcpumask");
        private static final long SRC_MFN = offsetOf(LAYOUT, "arg2", "src_mfn");

        private MmuextOp() {
        }

        public static int cmd(MemorySegment s, long base) { return s.get(JAVA_INT, base + CMD); }
        public static void cmd(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + CMD, v); }
        public static long mfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MFN); }
        public static void mfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MFN, v); }
        public static long linearAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + LINEAR_ADDR); }
        public static void linearAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + LINEAR_ADDR, v); }
        public static int nrEnts(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_ENTS); }
        public static void nrEnts(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_ENTS, v); }
        public static long vcpumask(MemorySegment s, long base) { return s.get(JAVA_LONG, base + VCPUMASK); }
        public static void vcpumask(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + VCPUMASK, v); }
        public static long srcMfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + SRC_MFN); }
        public static void srcMfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + SRC_MFN, v); }
    }
}
