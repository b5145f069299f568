package xenolith.backend.console;

import java.lang.foreign.MemorySegment;
import xenolith.backend.RingReader;
import xenolith.backend.RingWriter;

/// The two rings of `struct xencons_interface`, each from the backend's side.
final class ConsoleRings {
    static final int IN_SIZE = 1024;
    static final int OUT_SIZE = 2048;
    private static final long IN = 0;
    private static final long OUT = 1024;
    private static final long IN_CONS = 3072;
    private static final long IN_PROD = 3076;
    private static final long OUT_CONS = 3080;
    private static final long OUT_PROD = 3084;

    private ConsoleRings() {
    }

    /// What the guest prints.
    static RingReader out(MemorySegment page) {
        return new RingReader(page, OUT, OUT_SIZE, OUT_CONS, OUT_PROD);
    }

    /// What is typed to the guest.
    static RingWriter in(MemorySegment page) {
        return new RingWriter(page, IN, IN_SIZE, IN_CONS, IN_PROD);
    }
}
