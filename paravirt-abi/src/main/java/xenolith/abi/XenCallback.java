package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Entry points of the guest kernel, from xen/include/public/callback.h.
public final class XenCallback {
    public static final int CALLBACKTYPE_EVENT = 0;
    /// Entered where an iret or a segment reload faults.
    public static final int CALLBACKTYPE_FAILSAFE = 1;
    /// `syscall` of 64-bit guest user code.
    public static final int CALLBACKTYPE_SYSCALL = 2;
    public static final int CALLBACKTYPE_SYSENTER_DEPRECATED = 3;
    public static final int CALLBACKTYPE_NMI = 4;
    public static final int CALLBACKTYPE_SYSENTER = 5;
    public static final int CALLBACKTYPE_SYSCALL32 = 7;

    /// The entry masks events.
    public static final int CALLBACKF_MASK_EVENTS = 1;

    public static final int CALLBACKOP_REGISTER = 0;
    public static final int CALLBACKOP_UNREGISTER = 1;

    private XenCallback() {
    }

    /// An entry point of the guest kernel; a non-canonical address is -EINVAL.
    public static final class Register {
        public static final StructLayout LAYOUT = struct("callback_register",
                u16("type"), u16("flags"), u64("address"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long TYPE = offsetOf(LAYOUT, "type");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");
        private static final long ADDRESS = offsetOf(LAYOUT, "address");

        private Register() {
        }

        public static int type(MemorySegment s, long base) { return getU16(s, base + TYPE); }
        public static void type(MemorySegment s, long base, int v) { setU16(s, base + TYPE, v); }
        public static int flags(MemorySegment s, long base) { return getU16(s, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { setU16(s, base + FLAGS, v); }
        public static long address(MemorySegment s, long base) { return s.get(JAVA_LONG, base + ADDRESS); }
        public static void address(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + ADDRESS, v); }
    }

    /// Only some types can be unregistered.
    public static final class Unregister {
        public static final StructLayout LAYOUT = struct("callback_unregister", u16("type"), u16("_unused"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long TYPE = offsetOf(LAYOUT, "type");

        private Unregister() {
        }

        public static int type(MemorySegment s, long base) { return getU16(s, base + TYPE); }
        public static void type(MemorySegment s, long base, int v) { setU16(s, base + TYPE, v); }
    }
}
