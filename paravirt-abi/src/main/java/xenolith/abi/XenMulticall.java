package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Batches of hypercalls, from xen/include/public/xen.h.
///
/// The entries stay in guest memory while the batch runs, and another virtual CPU may change them: copy each in once.
public final class XenMulticall {
    private XenMulticall() {
    }

    /// `struct multicall_entry`: one call; `result` is written back, whether the call failed or not.
    public static final class Entry {
        public static final StructLayout LAYOUT = struct("multicall_entry",
                u64("op"), u64("result"), array("args", 6, JAVA_LONG));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long OP = offsetOf(LAYOUT, "op");
        public static final long RESULT_OFFSET = offsetOf(LAYOUT, "result");
        private static final long ARGS = offsetOf(LAYOUT, "args");

        private Entry() {
        }

        public static long op(MemorySegment s, long base) { return s.get(JAVA_LONG, base + OP); }
        public static void op(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + OP, v); }
        public static long result(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RESULT_OFFSET); }
        public static void result(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RESULT_OFFSET, v); }
        public static long args(MemorySegment s, long base, int i) { return s.get(JAVA_LONG, base + ARGS + 8L * i); }
        public static void args(MemorySegment s, long base, int i, long v) {
            s.set(JAVA_LONG, base + ARGS + 8L * i, v);
        }
    }
}
