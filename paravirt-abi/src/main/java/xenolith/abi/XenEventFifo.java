package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.getU8;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU8;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.u8;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// The queued event channel interface, from xen/include/public/event_channel.h.
///
/// A guest that is told -ENOSYS by EVTCHNOP_init_control uses the two-level interface of shared_info instead.
public final class XenEventFifo {
    /// The most urgent queue.
    public static final int EVTCHN_FIFO_PRIORITY_MAX = 0;
    public static final int EVTCHN_FIFO_PRIORITY_DEFAULT = 7;
    public static final int EVTCHN_FIFO_PRIORITY_MIN = 15;
    public static final int EVTCHN_FIFO_MAX_QUEUES = EVTCHN_FIFO_PRIORITY_MIN + 1;

    /// Bit number in an event word.
    public static final int EVTCHN_FIFO_PENDING = 31;
    /// Bit number in an event word.
    public static final int EVTCHN_FIFO_MASKED = 30;
    /// Bit number: the word is in a queue.
    public static final int EVTCHN_FIFO_LINKED = 29;
    /// Bit number: the word is being changed.
    public static final int EVTCHN_FIFO_BUSY = 28;
    /// Width of the link to the next port, in the low bits.
    public static final int EVTCHN_FIFO_LINK_BITS = 17;
    public static final int EVTCHN_FIFO_LINK_MASK = (1 << EVTCHN_FIFO_LINK_BITS) - 1;
    public static final int EVTCHN_FIFO_NR_CHANNELS = 1 << EVTCHN_FIFO_LINK_BITS;

    private XenEventFifo() {
    }

    /// Gives a virtual CPU its control block and answers the link width.
    public static final class InitControl {
        public static final StructLayout LAYOUT = struct("evtchn_init_control",
                u64("control_gfn"), u32("offset"), u32("vcpu"), u8("link_bits"), array("_pad", 7, JAVA_BYTE));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long CONTROL_GFN = offsetOf(LAYOUT, "control_gfn");
        private static final long OFFSET = offsetOf(LAYOUT, "offset");
        private static final long VCPU = offsetOf(LAYOUT, "vcpu");
        private static final long LINK_BITS = offsetOf(LAYOUT, "link_bits");

        private InitControl() {
        }

        public static long controlGfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + CONTROL_GFN); }
        public static void controlGfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + CONTROL_GFN, v); }
        public static int offset(MemorySegment s, long base) { return s.get(JAVA_INT, base + OFFSET); }
        public static void offset(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + OFFSET, v); }
        public static int vcpu(MemorySegment s, long base) { return s.get(JAVA_INT, base + VCPU); }
        public static void vcpu(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VCPU, v); }
        public static int linkBits(MemorySegment s, long base) { return getU8(s, base + LINK_BITS); }
        public static void linkBits(MemorySegment s, long base, int v) { setU8(s, base + LINK_BITS, v); }
    }

    /// Adds a page of event words.
    public static final class ExpandArray {
        public static final StructLayout LAYOUT = struct("evtchn_expand_array", u64("array_gfn"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ARRAY_GFN = offsetOf(LAYOUT, "array_gfn");

        private ExpandArray() {
        }

        public static long arrayGfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + ARRAY_GFN); }
        public static void arrayGfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + ARRAY_GFN, v); }
    }

    /// Chooses the queue of a port.
    public static final class SetPriority {
        public static final StructLayout LAYOUT = struct("evtchn_set_priority", u32("port"), u32("priority"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PORT = offsetOf(LAYOUT, "port");
        private static final long PRIORITY = offsetOf(LAYOUT, "priority");

        private SetPriority() {
        }

        public static int port(MemorySegment s, long base) { return s.get(JAVA_INT, base + PORT); }
        public static void port(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PORT, v); }
        public static int priority(MemorySegment s, long base) { return s.get(JAVA_INT, base + PRIORITY); }
        public static void priority(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PRIORITY, v); }
    }

    /// Shared with the guest: a bit for each queue with work, and the head of each queue.
    public static final class ControlBlock {
        public static final StructLayout LAYOUT = struct("evtchn_fifo_control_block",
                u32("ready"), u32("_rsvd"), array("head", EVTCHN_FIFO_MAX_QUEUES, JAVA_INT));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long READY = offsetOf(LAYOUT, "ready");
        private static final long HEAD = offsetOf(LAYOUT, "head");

        private ControlBlock() {
        }

        public static int head(MemorySegment s, long base, int i) { return s.get(JAVA_INT, base + HEAD + 4L * i); }
        public static void head(MemorySegment s, long base, int i, int v) { s.set(JAVA_INT, base + HEAD + 4L * i, v); }

        public static int ready(MemorySegment s, long base) {
            return SharedWord.getIntVolatile(s, base + READY);
        }

        /// Sets bits and returns the word as it was; the guest takes bits away at the same time.
        public static int readyOr(MemorySegment s, long base, int mask) {
            return SharedWord.getAndOrInt(s, base + READY, mask);
        }
    }
}
