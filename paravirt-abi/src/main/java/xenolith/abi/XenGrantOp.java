package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
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

/// Arguments of the grant_table_op hypercall, from xen/include/public/grant_table.h.
///
/// The hypercall takes a command, the guest address of an array of the matching struct, and its length. Each element
/// has a `status` of its own, one of the GNTST_ numbers of [XenGrantTable].
public final class XenGrantOp {
    private XenGrantOp() {
    }

    /// Maps a foreign frame; answers `status`, `handle`, `dev_bus_addr`.
    public static final class MapGrantRef {
        public static final StructLayout LAYOUT = struct("gnttab_map_grant_ref",
                u64("host_addr"), u32("flags"), u32("ref"), u16("dom"), u16("status"), u32("handle"),
                u64("dev_bus_addr"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long HOST_ADDR = offsetOf(LAYOUT, "host_addr");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long REF = offsetOf(LAYOUT, "ref");
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long STATUS = offsetOf(LAYOUT, "status");
        private static final long HANDLE = offsetOf(LAYOUT, "handle");
        private static final long DEV_BUS_ADDR = offsetOf(LAYOUT, "dev_bus_addr");

        private MapGrantRef() {
        }

        public static long hostAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + HOST_ADDR); }
        public static void hostAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + HOST_ADDR, v); }
        public static int flags(MemorySegment s, long base) { return s.get(JAVA_INT, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + FLAGS, v); }
        public static int ref(MemorySegment s, long base) { return s.get(JAVA_INT, base + REF); }
        public static void ref(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + REF, v); }
        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
        public static int handle(MemorySegment s, long base) { return s.get(JAVA_INT, base + HANDLE); }
        public static void handle(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + HANDLE, v); }
        public static long devBusAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + DEV_BUS_ADDR); }
        public static void devBusAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + DEV_BUS_ADDR, v); }
    }

    /// Undoes a mapping by its handle.
    public static final class UnmapGrantRef {
        public static final StructLayout LAYOUT = struct("gnttab_unmap_grant_ref",
                u64("host_addr"), u64("dev_bus_addr"), u32("handle"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long HOST_ADDR = offsetOf(LAYOUT, "host_addr");
        private static final long DEV_BUS_ADDR = offsetOf(LAYOUT, "dev_bus_addr");
        private static final long HANDLE = offsetOf(LAYOUT, "handle");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private UnmapGrantRef() {
        }

        public static long hostAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + HOST_ADDR); }
        public static void hostAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + HOST_ADDR, v); }
        public static long devBusAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + DEV_BUS_ADDR); }
        public static void devBusAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + DEV_BUS_ADDR, v); }
        public static int handle(MemorySegment s, long base) { return s.get(JAVA_INT, base + HANDLE); }
        public static void handle(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + HANDLE, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
    }

    /// Grows the table; `frame_list` is a guest address that receives mfns.
    public static final class SetupTable {
        public static final StructLayout LAYOUT = struct("gnttab_setup_table",
                u16("dom"), u32("nr_frames"), u16("status"), u64("frame_list"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long NR_FRAMES = offsetOf(LAYOUT, "nr_frames");
        private static final long STATUS = offsetOf(LAYOUT, "status");
        private static final long FRAME_LIST = offsetOf(LAYOUT, "frame_list");

        private SetupTable() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int nrFrames(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_FRAMES); }
        public static void nrFrames(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_FRAMES, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
        public static long frameList(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FRAME_LIST); }
        public static void frameList(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + FRAME_LIST, v); }
    }

    /// Prints the table to the log.
    public static final class DumpTable {
        public static final StructLayout LAYOUT = struct("gnttab_dump_table", u16("dom"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private DumpTable() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
    }

    /// Copies within a page from a frame or grant to another; flags say which are grants.
    public static final class Copy {
        public static final StructLayout LAYOUT = struct("gnttab_copy",
                struct("source",
                        union("u", u32("ref"), u64("gmfn")), u16("domid"), u16("offset")),
                struct("dest",
                        union("u", u32("ref"), u64("gmfn")), u16("domid"), u16("offset")),
                u16("len"), u16("flags"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long SOURCE_REF = offsetOf(LAYOUT, "source", "u", "ref");
        private static final long SOURCE_GMFN = offsetOf(LAYOUT, "source", "u", "gmfn");
        private static final long SOURCE_DOMID = offsetOf(LAYOUT, "source", "domid");
        private static final long SOURCE_OFFSET = offsetOf(LAYOUT, "source", "offset");
        private static final long DEST_REF = offsetOf(LAYOUT, "dest", "u", "ref");
        private static final long DEST_GMFN = offsetOf(LAYOUT, "dest", "u", "gmfn");
        private static final long DEST_DOMID = offsetOf(LAYOUT, "dest", "domid");
        private static final long DEST_OFFSET = offsetOf(LAYOUT, "dest", "offset");
        private static final long LEN = offsetOf(LAYOUT, "len");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private Copy() {
        }

        public static int sourceRef(MemorySegment s, long base) { return s.get(JAVA_INT, base + SOURCE_REF); }
        public static void sourceRef(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + SOURCE_REF, v); }
        public static long sourceGmfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + SOURCE_GMFN); }
        public static void sourceGmfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + SOURCE_GMFN, v); }
        public static int sourceDomid(MemorySegment s, long base) { return getU16(s, base + SOURCE_DOMID); }
        public static void sourceDomid(MemorySegment s, long base, int v) { setU16(s, base + SOURCE_DOMID, v); }
        public static int sourceOffset(MemorySegment s, long base) { return getU16(s, base + SOURCE_OFFSET); }
        public static void sourceOffset(MemorySegment s, long base, int v) { setU16(s, base + SOURCE_OFFSET, v); }
        public static int destRef(MemorySegment s, long base) { return s.get(JAVA_INT, base + DEST_REF); }
        public static void destRef(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + DEST_REF, v); }
        public static long destGmfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + DEST_GMFN); }
        public static void destGmfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + DEST_GMFN, v); }
        public static int destDomid(MemorySegment s, long base) { return getU16(s, base + DEST_DOMID); }
        public static void destDomid(MemorySegment s, long base, int v) { setU16(s, base + DEST_DOMID, v); }
        public static int destOffset(MemorySegment s, long base) { return getU16(s, base + DEST_OFFSET); }
        public static void destOffset(MemorySegment s, long base, int v) { setU16(s, base + DEST_OFFSET, v); }
        public static int len(MemorySegment s, long base) { return getU16(s, base + LEN); }
        public static void len(MemorySegment s, long base, int v) { setU16(s, base + LEN, v); }
        public static int flags(MemorySegment s, long base) { return getU16(s, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { setU16(s, base + FLAGS, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
    }

    /// How large the table is and may become, in frames.
    public static final class QuerySize {
        public static final StructLayout LAYOUT = struct("gnttab_query_size",
                u16("dom"), u32("nr_frames"), u32("max_nr_frames"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long NR_FRAMES = offsetOf(LAYOUT, "nr_frames");
        private static final long MAX_NR_FRAMES = offsetOf(LAYOUT, "max_nr_frames");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private QuerySize() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int nrFrames(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_FRAMES); }
        public static void nrFrames(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_FRAMES, v); }
        public static int maxNrFrames(MemorySegment s, long base) { return s.get(JAVA_INT, base + MAX_NR_FRAMES); }
        public static void maxNrFrames(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + MAX_NR_FRAMES, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
    }

    /// Undoes a mapping and moves another one into its place.
    public static final class UnmapAndReplace {
        public static final StructLayout LAYOUT = struct("gnttab_unmap_and_replace",
                u64("host_addr"), u64("new_addr"), u32("handle"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long HOST_ADDR = offsetOf(LAYOUT, "host_addr");
        private static final long NEW_ADDR = offsetOf(LAYOUT, "new_addr");
        private static final long HANDLE = offsetOf(LAYOUT, "handle");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private UnmapAndReplace() {
        }

        public static long hostAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + HOST_ADDR); }
        public static void hostAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + HOST_ADDR, v); }
        public static long newAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + NEW_ADDR); }
        public static void newAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + NEW_ADDR, v); }
        public static int handle(MemorySegment s, long base) { return s.get(JAVA_INT, base + HANDLE); }
        public static void handle(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + HANDLE, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
    }

    /// Chooses the entry format, 1 or 2.
    public static final class SetVersion {
        public static final StructLayout LAYOUT = struct("gnttab_set_version", u32("version"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long VERSION = offsetOf(LAYOUT, "version");

        private SetVersion() {
        }

        public static int version(MemorySegment s, long base) { return s.get(JAVA_INT, base + VERSION); }
        public static void version(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VERSION, v); }
    }

    /// The frames of the status words; `frame_list` is a guest address of 64-bit mfns.
    public static final class GetStatusFrames {
        public static final StructLayout LAYOUT = struct("gnttab_get_status_frames",
                u32("nr_frames"), u16("dom"), u16("status"), u64("frame_list"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long NR_FRAMES = offsetOf(LAYOUT, "nr_frames");
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long STATUS = offsetOf(LAYOUT, "status");
        private static final long FRAME_LIST = offsetOf(LAYOUT, "frame_list");

        private GetStatusFrames() {
        }

        public static int nrFrames(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_FRAMES); }
        public static void nrFrames(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_FRAMES, v); }
        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
        public static long frameList(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FRAME_LIST); }
        public static void frameList(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + FRAME_LIST, v); }
    }

    public static final class GetVersion {
        public static final StructLayout LAYOUT = struct("gnttab_get_version", u16("dom"), u16("pad"), u32("version"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOM = offsetOf(LAYOUT, "dom");
        private static final long VERSION = offsetOf(LAYOUT, "version");

        private GetVersion() {
        }

        public static int dom(MemorySegment s, long base) { return getU16(s, base + DOM); }
        public static void dom(MemorySegment s, long base, int v) { setU16(s, base + DOM, v); }
        public static int version(MemorySegment s, long base) { return s.get(JAVA_INT, base + VERSION); }
        public static void version(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VERSION, v); }
    }

    public static final class SwapGrantRef {
        public static final StructLayout LAYOUT = struct("gnttab_swap_grant_ref",
                u32("ref_a"), u32("ref_b"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long REF_A = offsetOf(LAYOUT, "ref_a");
        private static final long REF_B = offsetOf(LAYOUT, "ref_b");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private SwapGrantRef() {
        }

        public static int refA(MemorySegment s, long base) { return s.get(JAVA_INT, base + REF_A); }
        public static void refA(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + REF_A, v); }
        public static int refB(MemorySegment s, long base) { return s.get(JAVA_INT, base + REF_B); }
        public static void refB(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + REF_B, v); }
        public static int status(MemorySegment s, long base) { return s.get(JAVA_SHORT, base + STATUS); }
        public static void status(MemorySegment s, long base, int v) { setU16(s, base + STATUS, v); }
    }

    /// Cache maintenance on part of a frame, which needs none on x86. It has no status.
    public static final class CacheFlush {
        public static final StructLayout LAYOUT = struct("gnttab_cache_flush",
                union("a", u64("dev_bus_addr"), u32("ref")), u16("offset"), u16("length"), u32("op"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DEV_BUS_ADDR = offsetOf(LAYOUT, "a", "dev_bus_addr");
        private static final long OFFSET = offsetOf(LAYOUT, "offset");
        private static final long LENGTH = offsetOf(LAYOUT, "length");
        private static final long OP = offsetOf(LAYOUT, "op");

        private CacheFlush() {
        }

        public static long devBusAddr(MemorySegment s, long base) { return s.get(JAVA_LONG, base + DEV_BUS_ADDR); }
        public static void devBusAddr(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + DEV_BUS_ADDR, v); }
        public static int offset(MemorySegment s, long base) { return getU16(s, base + OFFSET); }
        public static void offset(MemorySegment s, long base, int v) { setU16(s, base + OFFSET, v); }
        public static int length(MemorySegment s, long base) { return getU16(s, base + LENGTH); }
        public static void length(MemorySegment s, long base, int v) { setU16(s, base + LENGTH, v); }
        public static int op(MemorySegment s, long base) { return s.get(JAVA_INT, base + OP); }
        public static void op(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + OP, v); }
    }
}
