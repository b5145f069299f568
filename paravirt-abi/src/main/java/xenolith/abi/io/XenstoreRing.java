package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import xenolith.abi.SharedWord;

/// `struct xenstore_domain_interface`, from xen/include/public/io/xs_wire.h: the page between a guest and xenstore.
///
/// Two byte rings of [XsWire] messages, and three words that let either side reset the connection.
public final class XenstoreRing {
    public static final int XENSTORE_RING_SIZE = 1024;

    /// In `server_features`: the guest may ask for a reset by [#XENSTORE_RECONNECT].
    public static final int XENSTORE_SERVER_FEATURE_RECONNECTION = 1;
    /// In `server_features`: the server reports faults in `error`.
    public static final int XENSTORE_SERVER_FEATURE_ERROR = 2;

    /// In `connection`: in use.
    public static final int XENSTORE_CONNECTED = 0;
    /// In `connection`: the guest asks the server to empty the rings and forget the connection's state.
    public static final int XENSTORE_RECONNECT = 1;

    public static final int XENSTORE_ERROR_NONE = 0;
    /// In `error`: the connection broke.
    public static final int XENSTORE_ERROR_COMM = 1;
    /// In `error`: the guest's indices make no sense.
    public static final int XENSTORE_ERROR_RINGIDX = 2;
    /// In `error`: the guest's messages make no sense.
    public static final int XENSTORE_ERROR_PROTO = 3;

    public static final StructLayout LAYOUT = struct("xenstore_domain_interface",
            array("req", XENSTORE_RING_SIZE, JAVA_BYTE), array("rsp", XENSTORE_RING_SIZE, JAVA_BYTE),
            u32("req_cons"), u32("req_prod"), u32("rsp_cons"), u32("rsp_prod"),
            u32("server_features"), u32("connection"), u32("error"));
    public static final long SIZEOF = LAYOUT.byteSize();
    private static final long SERVER_FEATURES = offsetOf(LAYOUT, "server_features");
    private static final long CONNECTION = offsetOf(LAYOUT, "connection");
    private static final long ERROR = offsetOf(LAYOUT, "error");

    /// From the guest: the server is the consumer.
    public static final ByteRing.Geometry REQ =
            ByteRing.Geometry.of(LAYOUT, "req", XENSTORE_RING_SIZE, "req_cons", "req_prod");
    /// To the guest: the server is the producer.
    public static final ByteRing.Geometry RSP =
            ByteRing.Geometry.of(LAYOUT, "rsp", XENSTORE_RING_SIZE, "rsp_cons", "rsp_prod");

    private XenstoreRing() {
    }

    public static int serverFeatures(MemorySegment s, long base) {
        return SharedWord.getIntVolatile(s, base + SERVER_FEATURES);
    }

    public static void serverFeatures(MemorySegment s, long base, int v) {
        SharedWord.setIntVolatile(s, base + SERVER_FEATURES, v);
    }

    /// The guest sets [#XENSTORE_RECONNECT] and waits for the server to set [#XENSTORE_CONNECTED].
    public static int connection(MemorySegment s, long base) {
        return SharedWord.getIntVolatile(s, base + CONNECTION);
    }

    public static void connection(MemorySegment s, long base, int v) {
        SharedWord.setIntVolatile(s, base + CONNECTION, v);
    }

    public static int error(MemorySegment s, long base) {
        return SharedWord.getIntVolatile(s, base + ERROR);
    }

    public static void error(MemorySegment s, long base, int v) {
        SharedWord.setIntVolatile(s, base + ERROR, v);
    }
}
