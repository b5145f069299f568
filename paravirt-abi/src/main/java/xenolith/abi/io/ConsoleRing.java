package xenolith.abi.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;

import java.lang.foreign.StructLayout;

/// `struct xencons_interface`, from xen/include/public/io/console.h: the page between a guest's hvc0 and its console.
///
/// *In* and *out* are the guest's words: it reads `in`, which the backend fills, and writes `out`, which the backend
/// drains. A guest may spin until `out` has room, so it must always be drained.
public final class ConsoleRing {
    public static final int IN_SIZE = 1024;
    public static final int OUT_SIZE = 2048;
    public static final StructLayout LAYOUT = struct("xencons_interface",
            array("in", IN_SIZE, JAVA_BYTE), array("out", OUT_SIZE, JAVA_BYTE),
            u32("in_cons"), u32("in_prod"), u32("out_cons"), u32("out_prod"));
    public static final long SIZEOF = LAYOUT.byteSize();

    /// To the guest: the backend is the producer.
    public static final ByteRing.Geometry IN = ByteRing.Geometry.of(LAYOUT, "in", IN_SIZE, "in_cons", "in_prod");
    /// From the guest: the backend is the consumer.
    public static final ByteRing.Geometry OUT = ByteRing.Geometry.of(LAYOUT, "out", OUT_SIZE, "out_cons", "out_prod");

    private ConsoleRing() {
    }
}
