package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
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
import static xenolith.abi.CLayout.u8;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Network interfaces: the slots of a transmit and a receive ring, from xen/include/public/io/netif.h.
///
/// *Tx* and *rx* are the guest's words. A packet takes several slots of a ring, one for each piece; [ExtraInfo] comes
/// between the first piece and the others. The third ring's slots are in [NetifCtrl].
public final class Netif {
    public static final int NETTXF_CSUM_BLANK = 1;
    public static final int NETTXF_DATA_VALIDATED = 1 << 1;
    public static final int NETTXF_MORE_DATA = 1 << 2;
    public static final int NETTXF_EXTRA_INFO = 1 << 3;

    public static final int NETRXF_DATA_VALIDATED = 1;
    public static final int NETRXF_CSUM_BLANK = 1 << 1;
    public static final int NETRXF_MORE_DATA = 1 << 2;
    public static final int NETRXF_EXTRA_INFO = 1 << 3;
    public static final int NETRXF_GSO_PREFIX = 1 << 4;

    /// Bytes of a packet.
    public static final int XEN_NETIF_MAX_TX_SIZE = 0xFFFF;
    /// A backend must take packets of so many slots.
    public static final int XEN_NETIF_NR_SLOTS_MIN = 18;

    public static final int XEN_NETIF_EXTRA_TYPE_NONE = 0;
    public static final int XEN_NETIF_EXTRA_TYPE_GSO = 1;
    public static final int XEN_NETIF_EXTRA_TYPE_MCAST_ADD = 2;
    public static final int XEN_NETIF_EXTRA_TYPE_MCAST_DEL = 3;
    public static final int XEN_NETIF_EXTRA_TYPE_HASH = 4;
    public static final int XEN_NETIF_EXTRA_TYPE_MAX = 5;
    public static final int XEN_NETIF_EXTRA_FLAG_MORE = 1;

    public static final int XEN_NETIF_GSO_TYPE_NONE = 0;
    public static final int XEN_NETIF_GSO_TYPE_TCPV4 = 1;
    public static final int XEN_NETIF_GSO_TYPE_TCPV6 = 2;

    public static final int NETIF_RSP_DROPPED = -2;
    public static final int NETIF_RSP_ERROR = -1;
    public static final int NETIF_RSP_OKAY = 0;
    /// The answer to a slot that held extra information.
    public static final int NETIF_RSP_NULL = 1;

    private static final int MAC_BYTES = 6;
    private static final int HASH_BYTES = 4;
    private static final int PAD_WORDS = 3;

    public static final RingSlots TX = RingSlots.of(TxSring.LAYOUT, TxRequest.LAYOUT, TxResponse.LAYOUT);
    public static final RingSlots RX = RingSlots.of(RxSring.LAYOUT, RxRequest.LAYOUT, RxResponse.LAYOUT);

    private Netif() {
    }

    /// `struct netif_tx_request`: a piece of a packet that the guest sends. The first piece's `size` is the packet's.
    public static final class TxRequest {
        public static final StructLayout LAYOUT = struct("netif_tx_request",
                u32("gref"), u16("offset"), u16("flags"), u16("id"), u16("size"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long GREF = offsetOf(LAYOUT, "gref");
        private static final long OFFSET = offsetOf(LAYOUT, "offset");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long SIZE = offsetOf(LAYOUT, "size");

        private TxRequest() {
        }

        public static int gref(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + GREF);
        }

        public static void gref(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + GREF, v);
        }

        public static int offset(MemorySegment s, long base) {
            return getU16(s, base + OFFSET);
        }

        public static void offset(MemorySegment s, long base, int v) {
            setU16(s, base + OFFSET, v);
        }

        /// `NETTXF_` bits.
        public static int flags(MemorySegment s, long base) {
            return getU16(s, base + FLAGS);
        }

        public static void flags(MemorySegment s, long base, int v) {
            setU16(s, base + FLAGS, v);
        }

        public static int id(MemorySegment s, long base) {
            return getU16(s, base + ID);
        }

        public static void id(MemorySegment s, long base, int v) {
            setU16(s, base + ID, v);
        }

        public static int size(MemorySegment s, long base) {
            return getU16(s, base + SIZE);
        }

        public static void size(MemorySegment s, long base, int v) {
            setU16(s, base + SIZE, v);
        }
    }

    /// `struct netif_tx_response`.
    public static final class TxResponse {
        public static final StructLayout LAYOUT = struct("netif_tx_response",
                u16("id"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private TxResponse() {
        }

        public static int id(MemorySegment s, long base) {
            return getU16(s, base + ID);
        }

        public static void id(MemorySegment s, long base, int v) {
            setU16(s, base + ID, v);
        }

        /// A `NETIF_RSP_` number.
        public static int status(MemorySegment s, long base) {
            return s.get(JAVA_SHORT, base + STATUS);
        }

        public static void status(MemorySegment s, long base, int v) {
            setU16(s, base + STATUS, v);
        }
    }

    /// `struct netif_rx_request`: a page for a packet to come.
    public static final class RxRequest {
        public static final StructLayout LAYOUT = struct("netif_rx_request",
                u16("id"), u16("pad"), u32("gref"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long GREF = offsetOf(LAYOUT, "gref");

        private RxRequest() {
        }

        public static int id(MemorySegment s, long base) {
            return getU16(s, base + ID);
        }

        public static void id(MemorySegment s, long base, int v) {
            setU16(s, base + ID, v);
        }

        public static int gref(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + GREF);
        }

        public static void gref(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + GREF, v);
        }
    }

    /// `struct netif_rx_response`: a piece of a packet in the page of the request with its `id`.
    public static final class RxResponse {
        public static final StructLayout LAYOUT = struct("netif_rx_response",
                u16("id"), u16("offset"), u16("flags"), u16("status"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long OFFSET = offsetOf(LAYOUT, "offset");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long STATUS = offsetOf(LAYOUT, "status");

        private RxResponse() {
        }

        public static int id(MemorySegment s, long base) {
            return getU16(s, base + ID);
        }

        public static void id(MemorySegment s, long base, int v) {
            setU16(s, base + ID, v);
        }

        public static int offset(MemorySegment s, long base) {
            return getU16(s, base + OFFSET);
        }

        public static void offset(MemorySegment s, long base, int v) {
            setU16(s, base + OFFSET, v);
        }

        /// `NETRXF_` bits.
        public static int flags(MemorySegment s, long base) {
            return getU16(s, base + FLAGS);
        }

        public static void flags(MemorySegment s, long base, int v) {
            setU16(s, base + FLAGS, v);
        }

        /// Bytes in the page, or a negative `NETIF_RSP_` number.
        public static int status(MemorySegment s, long base) {
            return s.get(JAVA_SHORT, base + STATUS);
        }

        public static void status(MemorySegment s, long base, int v) {
            setU16(s, base + STATUS, v);
        }
    }

    /// `struct netif_extra_info`: stands in a slot of either ring behind a packet's first piece.
    public static final class ExtraInfo {
        public static final StructLayout LAYOUT = struct("netif_extra_info",
                u8("type"), u8("flags"), union("u",
                        struct("gso", u16("size"), u8("type"), u8("pad"), u16("features")),
                        struct("mcast", array("addr", MAC_BYTES, JAVA_BYTE)),
                        struct("hash", u8("type"), u8("algorithm"), array("value", HASH_BYTES, JAVA_BYTE)),
                        array("pad", PAD_WORDS, JAVA_SHORT)));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long TYPE = offsetOf(LAYOUT, "type");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long GSO_SIZE = offsetOf(LAYOUT, "u", "gso", "size");
        private static final long GSO_TYPE = offsetOf(LAYOUT, "u", "gso", "type");
        private static final long GSO_FEATURES = offsetOf(LAYOUT, "u", "gso", "features");
        private static final long ADDR = offsetOf(LAYOUT, "u", "mcast", "addr");
        private static final long HASH_TYPE = offsetOf(LAYOUT, "u", "hash", "type");
        private static final long ALGORITHM = offsetOf(LAYOUT, "u", "hash", "algorithm");
        private static final long VALUE = offsetOf(LAYOUT, "u", "hash", "value");

        private ExtraInfo() {
        }

        /// `XEN_NETIF_EXTRA_TYPE_`
        public static int type(MemorySegment s, long base) {
            return getU8(s, base + TYPE);
        }

        public static void type(MemorySegment s, long base, int v) {
            setU8(s, base + TYPE, v);
        }

        public static int flags(MemorySegment s, long base) {
            return getU8(s, base + FLAGS);
        }

        public static void flags(MemorySegment s, long base, int v) {
            setU8(s, base + FLAGS, v);
        }

        /// Bytes of payload in each segment.
        public static int gsoSize(MemorySegment s, long base) {
            return getU16(s, base + GSO_SIZE);
        }

        public static void gsoSize(MemorySegment s, long base, int v) {
            setU16(s, base + GSO_SIZE, v);
        }

        public static int gsoType(MemorySegment s, long base) {
            return getU8(s, base + GSO_TYPE);
        }

        public static void gsoType(MemorySegment s, long base, int v) {
            setU8(s, base + GSO_TYPE, v);
        }

        public static int gsoFeatures(MemorySegment s, long base) {
            return getU16(s, base + GSO_FEATURES);
        }

        public static void gsoFeatures(MemorySegment s, long base, int v) {
            setU16(s, base + GSO_FEATURES, v);
        }

        public static int addr(MemorySegment s, long base, int i) {
            return getU8(s, base + ADDR + i * JAVA_BYTE.byteSize());
        }

        public static void addr(MemorySegment s, long base, int i, int v) {
            setU8(s, base + ADDR + i * JAVA_BYTE.byteSize(), v);
        }

        public static int hashType(MemorySegment s, long base) {
            return getU8(s, base + HASH_TYPE);
        }

        public static void hashType(MemorySegment s, long base, int v) {
            setU8(s, base + HASH_TYPE, v);
        }

        public static int algorithm(MemorySegment s, long base) {
            return getU8(s, base + ALGORITHM);
        }

        public static void algorithm(MemorySegment s, long base, int v) {
            setU8(s, base + ALGORITHM, v);
        }

        public static int value(MemorySegment s, long base, int i) {
            return getU8(s, base + VALUE + i * JAVA_BYTE.byteSize());
        }

        public static void value(MemorySegment s, long base, int i, int v) {
            setU8(s, base + VALUE + i * JAVA_BYTE.byteSize(), v);
        }
    }

    /// `struct netif_tx_sring`, up to its first slot.
    static final class TxSring {
        static final StructLayout LAYOUT = RingSlots.sring("netif_tx_sring", TxRequest.LAYOUT, TxResponse.LAYOUT);

        private TxSring() {
        }
    }

    /// `struct netif_rx_sring`, up to its first slot.
    static final class RxSring {
        static final StructLayout LAYOUT = RingSlots.sring("netif_rx_sring", RxRequest.LAYOUT, RxResponse.LAYOUT);

        private RxSring() {
        }
    }
}
