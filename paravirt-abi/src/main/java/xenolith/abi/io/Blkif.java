package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.getU8;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.setU8;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.u8;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Block devices: requests and responses of a disk's ring, from xen/include/public/io/blkif.h.
///
/// A request names up to eleven [Segment]s, parts of granted pages, or pages that hold more of them ([Indirect]).
/// Sectors have 512 bytes wherever this interface counts them, unless both halves have agreed on more.
public final class Blkif {
    public static final int BLKIF_OP_READ = 0;
    public static final int BLKIF_OP_WRITE = 1;
    /// All writes before it are done before it, all after it after it.
    public static final int BLKIF_OP_WRITE_BARRIER = 2;
    public static final int BLKIF_OP_FLUSH_DISKCACHE = 3;
    public static final int BLKIF_OP_DISCARD = 5;
    public static final int BLKIF_OP_INDIRECT = 6;

    public static final int BLKIF_RSP_EOPNOTSUPP = -2;
    public static final int BLKIF_RSP_ERROR = -1;
    public static final int BLKIF_RSP_OKAY = 0;

    public static final int BLKIF_MAX_SEGMENTS_PER_REQUEST = 11;
    public static final int BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST = 8;

    /// In a discard's `flag`: the old contents must not be found again.
    public static final int BLKIF_DISCARD_SECURE = 1;

    /// In the backend's `info`.
    public static final int VDISK_CDROM = 1;
    public static final int VDISK_REMOVABLE = 2;
    public static final int VDISK_READONLY = 4;

    /// The slots of a disk's ring.
    public static final RingSlots RING = RingSlots.of(Sring.LAYOUT, Request.LAYOUT, Response.LAYOUT);

    private Blkif() {
    }

    /// `struct blkif_request_segment`: sectors `first_sect` to `last_sect`, both included, of a granted page.
    public static final class Segment {
        public static final StructLayout LAYOUT = struct("blkif_request_segment",
                u32("gref"), u8("first_sect"), u8("last_sect"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long GREF = offsetOf(LAYOUT, "gref");
        private static final long FIRST_SECT = offsetOf(LAYOUT, "first_sect");
        private static final long LAST_SECT = offsetOf(LAYOUT, "last_sect");

        private Segment() {
        }

        public static int gref(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + GREF);
        }

        public static void gref(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + GREF, v);
        }

        public static int firstSect(MemorySegment s, long base) {
            return getU8(s, base + FIRST_SECT);
        }

        public static void firstSect(MemorySegment s, long base, int v) {
            setU8(s, base + FIRST_SECT, v);
        }

        public static int lastSect(MemorySegment s, long base) {
            return getU8(s, base + LAST_SECT);
        }

        public static void lastSect(MemorySegment s, long base, int v) {
            setU8(s, base + LAST_SECT, v);
        }
    }

    /// `struct blkif_request`: a read, a write or a barrier. The other kinds have the operation in the same place.
    public static final class Request {
        public static final StructLayout LAYOUT = struct("blkif_request",
                u8("operation"), u8("nr_segments"), u16("handle"), u64("id"), u64("sector_number"),
                array("seg", BLKIF_MAX_SEGMENTS_PER_REQUEST, Segment.LAYOUT));
        public static final long SIZEOF = LAYOUT.byteSize();
        /// Where the [Segment]s begin.
        public static final long SEG_OFFSET = offsetOf(LAYOUT, "seg");
        private static final long OPERATION = offsetOf(LAYOUT, "operation");
        private static final long NR_SEGMENTS = offsetOf(LAYOUT, "nr_segments");
        private static final long HANDLE = offsetOf(LAYOUT, "handle");
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long SECTOR_NUMBER = offsetOf(LAYOUT, "sector_number");

        private Request() {
        }

        public static int operation(MemorySegment s, long base) {
            return getU8(s, base + OPERATION);
        }

        public static void operation(MemorySegment s, long base, int v) {
            setU8(s, base + OPERATION, v);
        }

        public static int nrSegments(MemorySegment s, long base) {
            return getU8(s, base + NR_SEGMENTS);
        }

        public static void nrSegments(MemorySegment s, long base, int v) {
            setU8(s, base + NR_SEGMENTS, v);
        }

        public static int handle(MemorySegment s, long base) {
            return getU16(s, base + HANDLE);
        }

        public static void handle(MemorySegment s, long base, int v) {
            setU16(s, base + HANDLE, v);
        }

        public static long id(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + ID);
        }

        public static void id(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + ID, v);
        }

        public static long sectorNumber(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + SECTOR_NUMBER);
        }

        public static void sectorNumber(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + SECTOR_NUMBER, v);
        }
    }

    /// `struct blkif_request_discard`.
    public static final class Discard {
        public static final StructLayout LAYOUT = struct("blkif_request_discard",
                u8("operation"), u8("flag"), u16("handle"), u64("id"), u64("sector_number"), u64("nr_sectors"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long FLAG = offsetOf(LAYOUT, "flag");
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long SECTOR_NUMBER = offsetOf(LAYOUT, "sector_number");
        private static final long NR_SECTORS = offsetOf(LAYOUT, "nr_sectors");

        private Discard() {
        }

        public static int flag(MemorySegment s, long base) {
            return getU8(s, base + FLAG);
        }

        public static void flag(MemorySegment s, long base, int v) {
            setU8(s, base + FLAG, v);
        }

        public static long id(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + ID);
        }

        public static void id(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + ID, v);
        }

        public static long sectorNumber(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + SECTOR_NUMBER);
        }

        public static void sectorNumber(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + SECTOR_NUMBER, v);
        }

        public static long nrSectors(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + NR_SECTORS);
        }

        public static void nrSectors(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + NR_SECTORS, v);
        }
    }

    /// `struct blkif_request_indirect`: a read or write whose [Segment]s fill granted pages.
    public static final class Indirect {
        public static final StructLayout LAYOUT = struct("blkif_request_indirect",
                u8("operation"), u8("indirect_op"), u16("nr_segments"), u64("id"), u64("sector_number"), u16("handle"),
                array("indirect_grefs", BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST, JAVA_INT));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long INDIRECT_OP = offsetOf(LAYOUT, "indirect_op");
        private static final long NR_SEGMENTS = offsetOf(LAYOUT, "nr_segments");
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long SECTOR_NUMBER = offsetOf(LAYOUT, "sector_number");
        private static final long INDIRECT_GREFS = offsetOf(LAYOUT, "indirect_grefs");

        private Indirect() {
        }

        public static int indirectOp(MemorySegment s, long base) {
            return getU8(s, base + INDIRECT_OP);
        }

        public static void indirectOp(MemorySegment s, long base, int v) {
            setU8(s, base + INDIRECT_OP, v);
        }

        public static int nrSegments(MemorySegment s, long base) {
            return getU16(s, base + NR_SEGMENTS);
        }

        public static void nrSegments(MemorySegment s, long base, int v) {
            setU16(s, base + NR_SEGMENTS, v);
        }

        public static long id(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + ID);
        }

        public static void id(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + ID, v);
        }

        public static long sectorNumber(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + SECTOR_NUMBER);
        }

        public static void sectorNumber(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + SECTOR_NUMBER, v);
        }

        public static int indirectGrefs(MemorySegment s, long base, int page) {
            return s.get(JAVA_INT, base + INDIRECT_GREFS + page * JAVA_INT.byteSize());
        }

        public static void indirectGrefs(MemorySegment s, long base, int page, int v) {
            s.set(JAVA_INT, base + INDIRECT_GREFS + page * JAVA_INT.byteSize(), v);
        }
    }

    /// `struct blkif_response`.
    public static final class Response {
        public static final StructLayout LAYOUT = struct("blkif_response", u64("id"), u8("operation"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long OPERATION = offsetOf(LAYOUT, "operation");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private Response() {
        }

        public static long id(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + ID);
        }

        public static void id(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + ID, v);
        }

        public static int operation(MemorySegment s, long base) {
            return getU8(s, base + OPERATION);
        }

        public static void operation(MemorySegment s, long base, int v) {
            setU8(s, base + OPERATION, v);
        }

        /// A `BLKIF_RSP_` number.
        public static int status(MemorySegment s, long base) {
            return s.get(JAVA_SHORT, base + STATUS);
        }

        public static void status(MemorySegment s, long base, int v) {
            setU16(s, base + STATUS, v);
        }
    }

    /// `struct blkif_sring`, up to its first slot.
    static final class Sring {
        static final StructLayout LAYOUT = RingSlots.sring("blkif_sring", Request.LAYOUT, Response.LAYOUT);

        private Sring() {
        }
    }
}
