package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.UnionLayout;

/// Grant tables: entries, flags and results, from xen/include/public/grant_table.h.
///
/// A granter writes an entry, another domain names its index. Entries stand in frames that the guest owns the writing
/// of: every read may differ from the last. The structs of the hypercall stand in [XenGrantOp].
public final class XenGrantTable {
    public static final int GNTTABOP_MAP_GRANT_REF = 0;
    public static final int GNTTABOP_UNMAP_GRANT_REF = 1;
    public static final int GNTTABOP_SETUP_TABLE = 2;
    public static final int GNTTABOP_DUMP_TABLE = 3;
    public static final int GNTTABOP_TRANSFER = 4;
    public static final int GNTTABOP_COPY = 5;
    public static final int GNTTABOP_QUERY_SIZE = 6;
    public static final int GNTTABOP_UNMAP_AND_REPLACE = 7;
    public static final int GNTTABOP_SET_VERSION = 8;
    public static final int GNTTABOP_GET_STATUS_FRAMES = 9;
    public static final int GNTTABOP_GET_VERSION = 10;
    public static final int GNTTABOP_SWAP_GRANT_REF = 11;
    public static final int GNTTABOP_CACHE_FLUSH = 12;

    public static final int GNTST_OKAY = 0;
    public static final int GNTST_GENERAL_ERROR = -1;
    public static final int GNTST_BAD_DOMAIN = -2;
    public static final int GNTST_BAD_GNTREF = -3;
    public static final int GNTST_BAD_HANDLE = -4;
    public static final int GNTST_BAD_VIRT_ADDR = -5;
    public static final int GNTST_BAD_DEV_ADDR = -6;
    public static final int GNTST_NO_DEVICE_SPACE = -7;
    public static final int GNTST_PERMISSION_DENIED = -8;
    public static final int GNTST_BAD_PAGE = -9;
    public static final int GNTST_BAD_COPY_ARG = -10;
    public static final int GNTST_ADDRESS_TOO_BIG = -11;
    public static final int GNTST_EAGAIN = -12;
    public static final int GNTST_NO_SPACE = -13;

    public static final int GTF_INVALID = 0;
    public static final int GTF_PERMIT_ACCESS = 1;
    public static final int GTF_ACCEPT_TRANSFER = 2;
    public static final int GTF_TRANSITIVE = 3;
    public static final int GTF_TYPE_MASK = 3;
    /// Set by the granter.
    public static final int GTF_READONLY = 1 << 2;
    /// Set by the hypervisor while the frame is mapped at all.
    public static final int GTF_READING = 1 << 3;
    /// Set by the hypervisor while the frame is mapped writable.
    public static final int GTF_WRITING = 1 << 4;
    public static final int GTF_PWT = 1 << 5;
    public static final int GTF_PCD = 1 << 6;
    public static final int GTF_PAT = 1 << 7;
    /// Version 2: only part of the page, by copy.
    public static final int GTF_SUB_PAGE = 1 << 8;
    /// Of an accept_transfer entry.
    public static final int GTF_TRANSFER_COMMITTED = 1 << 2;
    /// Of an accept_transfer entry.
    public static final int GTF_TRANSFER_COMPLETED = 1 << 3;

    public static final int GNTMAP_DEVICE_MAP = 1;
    public static final int GNTMAP_HOST_MAP = 1 << 1;
    public static final int GNTMAP_READONLY = 1 << 2;
    public static final int GNTMAP_APPLICATION_MAP = 1 << 3;
    /// `host_addr` is the machine address of a page-table entry.
    public static final int GNTMAP_CONTAINS_PTE = 1 << 4;
    /// These bits of `flags` go to the available bits of the entry.
    public static final int GNTMAP_GUEST_AVAIL_MASK = ~0 << 16;
    public static final int GNTCOPY_SOURCE_GREF = 1;
    public static final int GNTCOPY_DEST_GREF = 2;

    public static final int GNTTAB_CACHE_CLEAN = 1;
    public static final int GNTTAB_CACHE_INVAL = 1 << 1;
    public static final int GNTTAB_CACHE_SOURCE_GREF = 1 << 31;

    /// The guest allocates from here on.
    public static final int GNTTAB_NR_RESERVED_ENTRIES = 8;
    /// Seeded with the console ring page.
    public static final int GNTTAB_RESERVED_CONSOLE = 0;
    /// Seeded with the xenstore ring page.
    public static final int GNTTAB_RESERVED_XENSTORE = 1;

    private XenGrantTable() {
    }

    /// `struct grant_entry_v1`: the granter writes `frame` (an mfn) and `domid` first and `flags` last.
    ///
    /// The hypervisor sets reading and writing in `flags` with a compare-and-set on the word that holds `domid` too.
    public static final class EntryV1 {
        public static final StructLayout LAYOUT = struct("grant_entry_v1", u16("flags"), u16("domid"), u32("frame"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long DOMID = offsetOf(LAYOUT, "domid");
        private static final long FRAME = offsetOf(LAYOUT, "frame");

        private EntryV1() {
        }

        public static int flags(MemorySegment s, long base) { return getU16(s, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { setU16(s, base + FLAGS, v); }
        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
        public static int frame(MemorySegment s, long base) { return s.get(JAVA_INT, base + FRAME); }
        public static void frame(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + FRAME, v); }

        /// `flags` in the low and `domid` in the high half, as one word.
        public static int flagsAndDomid(MemorySegment s, long base) {
            return SharedWord.getIntVolatile(s, base + FLAGS);
        }

        /// Changes both halves at once, if neither has changed: the granter may revoke at any moment.
        public static boolean compareAndSetFlagsAndDomid(MemorySegment s, long base, int expected, int v) {
            return SharedWord.compareAndSetInt(s, base + FLAGS, expected, v);
        }
    }

    /// `union grant_entry_v2`: wider frames, parts of pages and grants passed on; which one, `flags` says.
    ///
    /// Reading and writing are reported in a separate array of 16-bit status words.
    public static final class EntryV2 {
        public static final UnionLayout LAYOUT = union("grant_entry_v2",
                header(),
                struct("full_page", header(), u32("pad0"), u64("frame")),
                struct("sub_page", header(), u16("page_off"), u16("length"), u64("frame")),
                struct("transitive", header(), u16("trans_domid"), u16("pad0"), u32("gref")),
                array("__spacer", 4, JAVA_INT));
        public static final long SIZEOF = LAYOUT.byteSize();
        /// Bytes of a status word.
        public static final long STATUS_SIZEOF = Short.BYTES;
        private static final long FLAGS = offsetOf(LAYOUT, "hdr", "flags");
        private static final long DOMID = offsetOf(LAYOUT, "hdr", "domid");
        private static final long FRAME = offsetOf(LAYOUT, "full_page", "frame");
        private static final long PAGE_OFF = offsetOf(LAYOUT, "sub_page", "page_off");
        private static final long LENGTH = offsetOf(LAYOUT, "sub_page", "length");
        private static final long TRANS_DOMID = offsetOf(LAYOUT, "transitive", "trans_domid");
        private static final long GREF = offsetOf(LAYOUT, "transitive", "gref");

        private EntryV2() {
        }

        private static StructLayout header() {
            return struct("hdr", u16("flags"), u16("domid"));
        }

        public static int flags(MemorySegment s, long base) { return getU16(s, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { setU16(s, base + FLAGS, v); }
        public static int domid(MemorySegment s, long base) { return getU16(s, base + DOMID); }
        public static void domid(MemorySegment s, long base, int v) { setU16(s, base + DOMID, v); }
        public static long frame(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FRAME); }
        public static void frame(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + FRAME, v); }
        public static int pageOff(MemorySegment s, long base) { return getU16(s, base + PAGE_OFF); }
        public static void pageOff(MemorySegment s, long base, int v) { setU16(s, base + PAGE_OFF, v); }
        public static int length(MemorySegment s, long base) { return getU16(s, base + LENGTH); }
        public static void length(MemorySegment s, long base, int v) { setU16(s, base + LENGTH, v); }
        public static int transDomid(MemorySegment s, long base) { return getU16(s, base + TRANS_DOMID); }
        public static void transDomid(MemorySegment s, long base, int v) { setU16(s, base + TRANS_DOMID, v); }
        public static int gref(MemorySegment s, long base) { return s.get(JAVA_INT, base + GREF); }
        public static void gref(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + GREF, v); }

        /// `flags` in the low and `domid` in the high half, as one word.
        public static int flagsAndDomid(MemorySegment s, long base) {
            return SharedWord.getIntVolatile(s, base + FLAGS);
        }

        /// Changes both halves at once, if neither has changed: the granter may revoke at any moment.
        public static boolean compareAndSetFlagsAndDomid(MemorySegment s, long base, int expected, int v) {
            return SharedWord.compareAndSetInt(s, base + FLAGS, expected, v);
        }
    }
}
