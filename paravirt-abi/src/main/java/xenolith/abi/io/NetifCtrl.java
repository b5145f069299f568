package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// The control ring of a network interface, from xen/include/public/io/netif.h: how packets are hashed to queues, and
/// pages that stay granted. Linux's frontend has none.
public final class NetifCtrl {
    public static final int XEN_NETIF_CTRL_TYPE_INVALID = 0;
    public static final int XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS = 1;
    public static final int XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS = 2;
    public static final int XEN_NETIF_CTRL_TYPE_SET_HASH_KEY = 3;
    public static final int XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE = 4;
    public static final int XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE = 5;
    public static final int XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING = 6;
    public static final int XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM = 7;
    public static final int XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE = 8;
    public static final int XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING = 9;
    public static final int XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING = 10;

    public static final int XEN_NETIF_CTRL_STATUS_SUCCESS = 0;
    public static final int XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED = 1;
    public static final int XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER = 2;
    public static final int XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW = 3;

    public static final int XEN_NETIF_CTRL_HASH_TYPE_IPV4 = 1;
    public static final int XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP = 1 << 1;
    public static final int XEN_NETIF_CTRL_HASH_TYPE_IPV6 = 1 << 2;
    public static final int XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP = 1 << 3;
    public static final int XEN_NETIF_CTRL_HASH_ALGORITHM_NONE = 0;
    public static final int XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ = 1;

    private static final int DATA_WORDS = 3;

    public static final RingSlots RING = RingSlots.of(Sring.LAYOUT, Request.LAYOUT, Response.LAYOUT);

    private NetifCtrl() {
    }

    /// `struct xen_netif_ctrl_request`.
    public static final class Request {
        public static final StructLayout LAYOUT = struct("xen_netif_ctrl_request",
                u16("id"), u16("type"), array("data", DATA_WORDS, JAVA_INT));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long TYPE = offsetOf(LAYOUT, "type");
        private static final long DATA = offsetOf(LAYOUT, "data");

        private Request() {
        }

        public static int id(MemorySegment s, long base) {
            return getU16(s, base + ID);
        }

        public static void id(MemorySegment s, long base, int v) {
            setU16(s, base + ID, v);
        }

        /// `XEN_NETIF_CTRL_TYPE_`
        public static int type(MemorySegment s, long base) {
            return getU16(s, base + TYPE);
        }

        public static void type(MemorySegment s, long base, int v) {
            setU16(s, base + TYPE, v);
        }

        public static int data(MemorySegment s, long base, int i) {
            return s.get(JAVA_INT, base + DATA + i * JAVA_INT.byteSize());
        }

        public static void data(MemorySegment s, long base, int i, int v) {
            s.set(JAVA_INT, base + DATA + i * JAVA_INT.byteSize(), v);
        }
    }

    /// `struct xen_netif_ctrl_response`.
    public static final class Response {
        public static final StructLayout LAYOUT = struct("xen_netif_ctrl_response",
                u16("id"), u16("type"), u32("status"), u32("data"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long TYPE = offsetOf(LAYOUT, "type");
        private static final long STATUS = offsetOf(LAYOUT, "status");
        private static final long DATA = offsetOf(LAYOUT, "data");

        private Response() {
        }

        public static int id(MemorySegment s, long base) {
            return getU16(s, base + ID);
        }

        public static void id(MemorySegment s, long base, int v) {
            setU16(s, base + ID, v);
        }

        public static int type(MemorySegment s, long base) {
            return getU16(s, base + TYPE);
        }

        public static void type(MemorySegment s, long base, int v) {
            setU16(s, base + TYPE, v);
        }

        /// `XEN_NETIF_CTRL_STATUS_`
        public static int status(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + STATUS);
        }

        public static void status(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + STATUS, v);
        }

        public static int data(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + DATA);
        }

        public static void data(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + DATA, v);
        }
    }

    /// `struct xen_netif_gref`: a page that the guest lends for good.
    public static final class Gref {
        public static final StructLayout LAYOUT = struct("xen_netif_gref",
                u32("ref"), u16("flags"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long REF = offsetOf(LAYOUT, "ref");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private Gref() {
        }

        public static int ref(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + REF);
        }

        public static void ref(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + REF, v);
        }

        public static int flags(MemorySegment s, long base) {
            return getU16(s, base + FLAGS);
        }

        public static void flags(MemorySegment s, long base, int v) {
            setU16(s, base + FLAGS, v);
        }

        /// `XEN_NETIF_CTRL_STATUS_`, for each by itself.
        public static int status(MemorySegment s, long base) {
            return getU16(s, base + STATUS);
        }

        public static void status(MemorySegment s, long base, int v) {
            setU16(s, base + STATUS, v);
        }
    }

    /// `struct xen_netif_ctrl_sring`, up to its first slot.
    static final class Sring {
        static final StructLayout LAYOUT = RingSlots.sring("xen_netif_ctrl_sring", Request.LAYOUT, Response.LAYOUT);

        private Sring() {
        }
    }
}
