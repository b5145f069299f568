package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Memory operations, from xen/include/public/memory.h.
///
/// The hypercall takes a command and the guest address of the matching struct. Frame lists stand in guest memory and
/// are bounded by the guest's own count only: a handler takes them in pieces.
public final class XenMemory {
    public static final int XENMEM_INCREASE_RESERVATION = 0;
    public static final int XENMEM_DECREASE_RESERVATION = 1;
    public static final int XENMEM_MAXIMUM_RAM_PAGE = 2;
    public static final int XENMEM_CURRENT_RESERVATION = 3;
    public static final int XENMEM_MAXIMUM_RESERVATION = 4;
    public static final int XENMEM_MACHPHYS_MFN_LIST = 5;
    public static final int XENMEM_POPULATE_PHYSMAP = 6;
    public static final int XENMEM_ADD_TO_PHYSMAP = 7;
    public static final int XENMEM_MEMORY_MAP = 9;
    public static final int XENMEM_MACHINE_MEMORY_MAP = 10;
    public static final int XENMEM_EXCHANGE = 11;
    public static final int XENMEM_MACHPHYS_MAPPING = 12;
    public static final int XENMEM_SET_MEMORY_MAP = 13;
    public static final int XENMEM_MAXIMUM_GPFN = 14;
    public static final int XENMEM_REMOVE_FROM_PHYSMAP = 15;
    public static final int XENMEM_SET_POD_TARGET = 16;
    public static final int XENMEM_GET_POD_TARGET = 17;
    public static final int XENMEM_GET_SHARING_FREED_PAGES = 18;
    public static final int XENMEM_GET_SHARING_SHARED_PAGES = 19;
    public static final int XENMEM_ACCESS_OP = 21;
    public static final int XENMEM_ADD_TO_PHYSMAP_BATCH = 23;
    public static final int XENMEM_CLAIM_PAGES = 24;
    public static final int XENMEM_MACHPHYS_COMPAT_MFN_LIST = 25;
    public static final int XENMEM_GET_VNUMAINFO = 26;
    public static final int XENMEM_RESERVED_DEVICE_MEMORY_MAP = 27;
    public static final int XENMEM_ACQUIRE_RESOURCE = 28;

    public static final int XENMAPSPACE_SHARED_INFO = 0;
    public static final int XENMAPSPACE_GRANT_TABLE = 1;
    public static final int XENMAPSPACE_GMFN = 2;
    public static final int XENMAPSPACE_GMFN_RANGE = 3;
    public static final int XENMAPSPACE_GMFN_FOREIGN = 4;
    public static final int XENMAPSPACE_DEV_MMIO = 5;
    /// In `idx`: a frame of grant status words.
    public static final int XENMAPIDX_GRANT_TABLE_STATUS = 0x80000000;

    public static final int XENMEMF_POPULATE_ON_DEMAND = 1 << 16;
    public static final int XENMEMF_EXACT_NODE_REQUEST = 1 << 17;
    public static final int XENMEMF_VNODE = 1 << 18;

    private XenMemory() {
    }

    /// `extent_start` is the guest address of `nr_extents` frame numbers, each of 2^`extent_order` frames.
    ///
    /// decrease_reservation reads mfns; populate_physmap reads pfns and writes mfns back.
    public static final class MemoryReservation {
        public static final StructLayout LAYOUT = struct("xen_memory_reservation",
                u64("extent_start"), u64("nr_extents"), u32("extent_order"), u32("mem_flags"), u16("domid"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long EXTENT_START = offsetOf(LAYOUT, "extent_start");
        private static final long NR_EXTENTS = offsetOf(LAYOUT, "nr_extents");
        private static final long EXTENT_ORDER = offsetOf(LAYOUT, "extent_order");
        private static final long MEM_FLAGS = offsetOf(LAYOUT, "mem_flags");
        private static final long DOMID = offsetOf(LAYOUT, "domid");

        private MemoryReservation() {
        }

        public static long extentStart(MemorySegment s, long base) { return s.get(JAVA_LONG, base + EXTENT_START); }
        public static void extentStart(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + EXTENT_START, v); }
        public static long nrExtents(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NR_EXTENTS); }
        public static void nrExtents(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + NR_EXTENTS, v); }
        public static int extentOrder(MemorySegment s, long base) { return s.get(JAVA_INT, base + EXTENT_ORDER); }
        public static void extentOrder(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + EXTENT_ORDER, v); }
        public static int memFlags(MemorySegment s, long base) { return s.get(JAVA_INT, base + MEM_FLAGS); }
        public static void memFlags(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + MEM_FLAGS, v); }
        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
    }

    /// Swaps frames for others, such as contiguous ones; `in` and `out` are [MemoryReservation]s.
    public static final class MemoryExchange {
        public static final StructLayout LAYOUT = struct("xen_memory_exchange",
                MemoryReservation.LAYOUT.withName("in"), MemoryReservation.LAYOUT.withName("out"),
                u64("nr_exchanged"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long IN = offsetOf(LAYOUT, "in");
        private static final long OUT = offsetOf(LAYOUT, "out");
        private static final long NR_EXCHANGED = offsetOf(LAYOUT, "nr_exchanged");

        private MemoryExchange() {
        }

        public static long nrExchanged(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NR_EXCHANGED); }
        public static void nrExchanged(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + NR_EXCHANGED, v); }

        /// Where the reservation to give up stands.
        public static long in(long base) {
            return base + IN;
        }

        /// Where the reservation to receive stands.
        public static long out(long base) {
            return base + OUT;
        }
    }

    /// Argument of the reservation queries and maximum_gpfn.
    public static final class MemoryDomain {
        public static final StructLayout LAYOUT = struct("xen_memory_domain", u16("domid"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMID = offsetOf(LAYOUT, "domid");

        private MemoryDomain() {
        }

        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
    }

    /// Where the guest finds the machine-to-phys array: virtual addresses, and the last mfn in it.
    public static final class MachphysMapping {
        public static final StructLayout LAYOUT = struct("xen_machphys_mapping",
                u64("v_start"), u64("v_end"), u64("max_mfn"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long V_START = offsetOf(LAYOUT, "v_start");
        private static final long V_END = offsetOf(LAYOUT, "v_end");
        private static final long MAX_MFN = offsetOf(LAYOUT, "max_mfn");

        private MachphysMapping() {
        }

        public static long vStart(MemorySegment s, long base) { return s.get(JAVA_LONG, base + V_START); }
        public static void vStart(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + V_START, v); }
        public static long vEnd(MemorySegment s, long base) { return s.get(JAVA_LONG, base + V_END); }
        public static void vEnd(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + V_END, v); }
        public static long maxMfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MAX_MFN); }
        public static void maxMfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MAX_MFN, v); }
    }

    /// The frames of the machine-to-phys array; for the control domain.
    public static final class MachphysMfnList {
        public static final StructLayout LAYOUT = struct("xen_machphys_mfn_list",
                u32("max_extents"), u64("extent_start"), u32("nr_extents"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long MAX_EXTENTS = offsetOf(LAYOUT, "max_extents");
        private static final long EXTENT_START = offsetOf(LAYOUT, "extent_start");
        private static final long NR_EXTENTS = offsetOf(LAYOUT, "nr_extents");

        private MachphysMfnList() {
        }

        public static int maxExtents(MemorySegment s, long base) { return s.get(JAVA_INT, base + MAX_EXTENTS); }
        public static void maxExtents(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + MAX_EXTENTS, v); }
        public static long extentStart(MemorySegment s, long base) { return s.get(JAVA_LONG, base + EXTENT_START); }
        public static void extentStart(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + EXTENT_START, v); }
        public static int nrExtents(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_EXTENTS); }
        public static void nrExtents(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_EXTENTS, v); }
    }

    /// Puts a frame of some space at a pfn; a paravirtual guest has little use for it.
    public static final class AddToPhysmap {
        public static final StructLayout LAYOUT = struct("xen_add_to_physmap",
                u16("domid"), u16("size"), u32("space"), u64("idx"), u64("gpfn"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMID = offsetOf(LAYOUT, "domid");
        private static final long SIZE = offsetOf(LAYOUT, "size");
        private static final long SPACE = offsetOf(LAYOUT, "space");
        private static final long IDX = offsetOf(LAYOUT, "idx");
        private static final long GPFN = offsetOf(LAYOUT, "gpfn");

        private AddToPhysmap() {
        }

        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
        public static int size(MemorySegment s, long base) { return getU16(s, base + SIZE); }
        public static void size(MemorySegment s, long base, int v) { setU16(s, base + SIZE, v); }
        public static int space(MemorySegment s, long base) { return s.get(JAVA_INT, base + SPACE); }
        public static void space(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + SPACE, v); }
        public static long idx(MemorySegment s, long base) { return s.get(JAVA_LONG, base + IDX); }
        public static void idx(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + IDX, v); }
        public static long gpfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + GPFN); }
        public static void gpfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + GPFN, v); }
    }

    /// Takes a frame away from a pfn.
    public static final class RemoveFromPhysmap {
        public static final StructLayout LAYOUT = struct("xen_remove_from_physmap", u16("domid"), u64("gpfn"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMID = offsetOf(LAYOUT, "domid");
        private static final long GPFN = offsetOf(LAYOUT, "gpfn");

        private RemoveFromPhysmap() {
        }

        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
        public static long gpfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + GPFN); }
        public static void gpfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + GPFN, v); }
    }

    /// `nr_entries` is the room in, the count out; `buffer` the guest address of [xenolith.abi.x86.E820Entry]s.
    public static final class MemoryMap {
        public static final StructLayout LAYOUT = struct("xen_memory_map", u32("nr_entries"), u64("buffer"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long NR_ENTRIES = offsetOf(LAYOUT, "nr_entries");
        private static final long BUFFER = offsetOf(LAYOUT, "buffer");

        private MemoryMap() {
        }

        public static int nrEntries(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_ENTRIES); }
        public static void nrEntries(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_ENTRIES, v); }
        public static long buffer(MemorySegment s, long base) { return s.get(JAVA_LONG, base + BUFFER); }
        public static void buffer(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + BUFFER, v); }
    }

    /// Sets the memory map of another domain; for the control domain.
    public static final class ForeignMemoryMap {
        public static final StructLayout LAYOUT = struct("xen_foreign_memory_map",
                u16("domid"), MemoryMap.LAYOUT.withName("map"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMID = offsetOf(LAYOUT, "domid");
        private static final long MAP = offsetOf(LAYOUT, "map");

        private ForeignMemoryMap() {
        }

        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }

        /// Where the [MemoryMap] stands.
        public static long map(long base) {
            return base + MAP;
        }
    }
}
