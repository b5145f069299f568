package xenolith.abi.io;

import static xenolith.abi.CLayout.offsetOf;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The xenstore protocol's messages, from xen/include/public/io/xs_wire.h.
///
/// A message is a header of four words and `len` bytes. Text ends with a zero byte only where an operation says so. The
/// header is read from a stream, so its words need not be aligned.
public final class XsWire {
    public static final int XS_CONTROL = 0;
    public static final int XS_DIRECTORY = 1;
    public static final int XS_READ = 2;
    public static final int XS_GET_PERMS = 3;
    public static final int XS_WATCH = 4;
    public static final int XS_UNWATCH = 5;
    public static final int XS_TRANSACTION_START = 6;
    public static final int XS_TRANSACTION_END = 7;
    public static final int XS_INTRODUCE = 8;
    public static final int XS_RELEASE = 9;
    public static final int XS_GET_DOMAIN_PATH = 10;
    public static final int XS_WRITE = 11;
    public static final int XS_MKDIR = 12;
    public static final int XS_RM = 13;
    public static final int XS_SET_PERMS = 14;
    /// From the server only, with req_id 0.
    public static final int XS_WATCH_EVENT = 15;
    /// From the server only: the payload is an error's name.
    public static final int XS_ERROR = 16;
    public static final int XS_IS_DOMAIN_INTRODUCED = 17;
    public static final int XS_RESUME = 18;
    public static final int XS_SET_TARGET = 19;
    public static final int XS_RESET_WATCHES = 21;
    public static final int XS_DIRECTORY_PART = 22;
    public static final int XS_TYPE_COUNT = 23;

    /// Payload bytes of one message at most; a longer `len` ends the connection.
    public static final int XENSTORE_PAYLOAD_MAX = 4096;
    /// Bytes of an absolute path at most, without its zero.
    public static final int XENSTORE_ABS_PATH_MAX = 3072;
    /// Bytes of a relative path at most, without its zero.
    public static final int XENSTORE_REL_PATH_MAX = 2048;

    /// `struct xsd_sockmsg`, the header.
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            word("type"), word("req_id"), word("tx_id"), word("len")).withName("xsd_sockmsg");
    public static final long SIZEOF = LAYOUT.byteSize();
    private static final ValueLayout.OfInt WORD = word("word");
    private static final long TYPE = offsetOf(LAYOUT, "type");
    private static final long REQ_ID = offsetOf(LAYOUT, "req_id");
    private static final long TX_ID = offsetOf(LAYOUT, "tx_id");
    private static final long LEN = offsetOf(LAYOUT, "len");

    private XsWire() {
    }

    private static ValueLayout.OfInt word(String name) {
        return ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN).withName(name);
    }

    public static int type(MemorySegment s, long base) { return s.get(WORD, base + TYPE); }
    public static void type(MemorySegment s, long base, int v) { s.set(WORD, base + TYPE, v); }
    /// Chosen by the client and echoed.
    public static int reqId(MemorySegment s, long base) { return s.get(WORD, base + REQ_ID); }
    public static void reqId(MemorySegment s, long base, int v) { s.set(WORD, base + REQ_ID, v); }
    /// The transaction, 0 for none.
    public static int txId(MemorySegment s, long base) { return s.get(WORD, base + TX_ID); }
    public static void txId(MemorySegment s, long base, int v) { s.set(WORD, base + TX_ID, v); }
    /// Bytes after the header, unsigned.
    public static int len(MemorySegment s, long base) { return s.get(WORD, base + LEN); }
    public static void len(MemorySegment s, long base, int v) { s.set(WORD, base + LEN, v); }

    /// The operation's name without `XS_`; for logs.
    public static String name(int type) {
        return switch (type) {
            case XS_CONTROL -> "CONTROL";
            case XS_DIRECTORY -> "DIRECTORY";
            case XS_READ -> "READ";
            case XS_GET_PERMS -> "GET_PERMS";
            case XS_WATCH -> "WATCH";
            case XS_UNWATCH -> "UNWATCH";
            case XS_TRANSACTION_START -> "TRANSACTION_START";
            case XS_TRANSACTION_END -> "TRANSACTION_END";
            case XS_INTRODUCE -> "INTRODUCE";
            case XS_RELEASE -> "RELEASE";
            case XS_GET_DOMAIN_PATH -> "GET_DOMAIN_PATH";
            case XS_WRITE -> "WRITE";
            case XS_MKDIR -> "MKDIR";
            case XS_RM -> "RM";
            case XS_SET_PERMS -> "SET_PERMS";
            case XS_WATCH_EVENT -> "WATCH_EVENT";
            case XS_ERROR -> "ERROR";
            case XS_IS_DOMAIN_INTRODUCED -> "IS_DOMAIN_INTRODUCED";
            case XS_RESUME -> "RESUME";
            case XS_SET_TARGET -> "SET_TARGET";
            case XS_RESET_WATCHES -> "RESET_WATCHES";
            case XS_DIRECTORY_PART -> "DIRECTORY_PART";
            default -> "type " + Integer.toUnsignedString(type);
        };
    }
}
