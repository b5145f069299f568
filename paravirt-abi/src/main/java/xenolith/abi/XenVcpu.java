package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.union;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Operations on virtual CPUs, from xen/include/public/vcpu.h.
///
/// The hypercall takes a command, the number of a virtual CPU, and the guest address of the matching struct.
public final class XenVcpu {
    /// Takes a [GuestContext]; once for each virtual CPU, then -EEXIST.
    public static final int VCPUOP_INITIALISE = 0;
    public static final int VCPUOP_UP = 1;
    public static final int VCPUOP_DOWN = 2;
    /// 1 or 0; negative beyond the last virtual CPU, which is how Linux counts them.
    public static final int VCPUOP_IS_UP = 3;
    public static final int VCPUOP_GET_RUNSTATE_INFO = 4;
    public static final int VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA = 5;
    public static final int VCPUOP_SET_PERIODIC_TIMER = 6;
    public static final int VCPUOP_STOP_PERIODIC_TIMER = 7;
    public static final int VCPUOP_SET_SINGLESHOT_TIMER = 8;
    public static final int VCPUOP_STOP_SINGLESHOT_TIMER = 9;
    /// Moves the vcpu_info out of shared_info; once for each virtual CPU.
    public static final int VCPUOP_REGISTER_VCPU_INFO = 10;
    public static final int VCPUOP_SEND_NMI = 11;
    public static final int VCPUOP_GET_PHYSID = 12;
    /// A copy of the clock for the vDSO.
    public static final int VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA = 13;

    public static final int RUNSTATE_RUNNING = 0;
    /// Wants to run and has no physical CPU: the guest calls it stolen time.
    public static final int RUNSTATE_RUNNABLE = 1;
    public static final int RUNSTATE_BLOCKED = 2;
    public static final int RUNSTATE_OFFLINE = 3;

    /// Flag of set_singleshot_timer: -ETIME instead of an event at once if the time has passed.
    public static final int VCPU_SSHOTTMR_FUTURE = 1;

    private XenVcpu() {
    }

    /// Which state a virtual CPU is in since when, and how long it was in each, in ns.
    ///
    /// Written into a guest area as well: with VMASST_TYPE_runstate_update_flag the bit [#XEN_RUNSTATE_UPDATE] of
    /// `state_entry_time` is set while the rest changes, and the guest retries while it sees it.
    public static final class RunstateInfo {
        /// Top bit of `state_entry_time`.
        public static final long XEN_RUNSTATE_UPDATE = 1L << 63;

        public static final StructLayout LAYOUT = struct("vcpu_runstate_info",
                u32("state"), u64("state_entry_time"), array("time", 4, JAVA_LONG));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long STATE = offsetOf(LAYOUT, "state");
        private static final long STATE_ENTRY_TIME = offsetOf(LAYOUT, "state_entry_time");
        private static final long TIME = offsetOf(LAYOUT, "time");

        private RunstateInfo() {
        }

        public static int state(MemorySegment s, long base) { return s.get(JAVA_INT, base + STATE); }
        public static void state(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + STATE, v); }
        public static long stateEntryTime(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + STATE_ENTRY_TIME);
        }
        public static void stateEntryTime(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + STATE_ENTRY_TIME, v);
        }
        public static long time(MemorySegment s, long base, int i) { return s.get(JAVA_LONG, base + TIME + 8L * i); }
        public static void time(MemorySegment s, long base, int i, long v) {
            s.set(JAVA_LONG, base + TIME + 8L * i, v);
        }

        /// Begins or ends an update: a guest that sees the bit gone sees the fields written before.
        public static void stateEntryTimeRelease(MemorySegment s, long base, long v) {
            SharedWord.setLongRelease(s, base + STATE_ENTRY_TIME, v);
        }
    }

    /// `v` is the guest virtual address of a [RunstateInfo].
    public static final class RegisterRunstateMemoryArea {
        public static final StructLayout LAYOUT = struct("vcpu_register_runstate_memory_area",
                union("addr", u64("h"), u64("v"), u64("p")));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long V = offsetOf(LAYOUT, "addr", "v");

        private RegisterRunstateMemoryArea() {
        }

        public static long v(MemorySegment s, long base) { return s.get(JAVA_LONG, base + V); }
        public static void v(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + V, v); }
    }

    /// A period of less than 1 ms is -EINVAL.
    public static final class SetPeriodicTimer {
        public static final StructLayout LAYOUT = struct("vcpu_set_periodic_timer", u64("period_ns"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PERIOD_NS = offsetOf(LAYOUT, "period_ns");

        private SetPeriodicTimer() {
        }

        public static long periodNs(MemorySegment s, long base) { return s.get(JAVA_LONG, base + PERIOD_NS); }
        public static void periodNs(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + PERIOD_NS, v); }
    }

    /// Absolute system time at which VIRQ_TIMER is raised.
    public static final class SetSingleshotTimer {
        public static final StructLayout LAYOUT = struct("vcpu_set_singleshot_timer",
                u64("timeout_abs_ns"), u32("flags"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long TIMEOUT_ABS_NS = offsetOf(LAYOUT, "timeout_abs_ns");
        private static final long FLAGS = offsetOf(LAYOUT, "flags");

        private SetSingleshotTimer() {
        }

        public static long timeoutAbsNs(MemorySegment s, long base) { return s.get(JAVA_LONG, base + TIMEOUT_ABS_NS); }
        public static void timeoutAbsNs(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + TIMEOUT_ABS_NS, v);
        }
        public static int flags(MemorySegment s, long base) { return s.get(JAVA_INT, base + FLAGS); }
        public static void flags(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + FLAGS, v); }
    }

    /// The new place: a frame and an offset in it. The struct may not cross the end of the page.
    public static final class RegisterVcpuInfo {
        public static final StructLayout LAYOUT = struct("vcpu_register_vcpu_info",
                u64("mfn"), u32("offset"), u32("rsvd"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long MFN = offsetOf(LAYOUT, "mfn");
        private static final long OFFSET = offsetOf(LAYOUT, "offset");

        private RegisterVcpuInfo() {
        }

        public static long mfn(MemorySegment s, long base) { return s.get(JAVA_LONG, base + MFN); }
        public static void mfn(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + MFN, v); }
        public static int offset(MemorySegment s, long base) { return s.get(JAVA_INT, base + OFFSET); }
        public static void offset(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + OFFSET, v); }
    }

    /// APIC number in the low half, ACPI number in the high half.
    public static final class GetPhysid {
        public static final StructLayout LAYOUT = struct("vcpu_get_physid", u64("phys_id"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PHYS_ID = offsetOf(LAYOUT, "phys_id");

        private GetPhysid() {
        }

        public static long physId(MemorySegment s, long base) { return s.get(JAVA_LONG, base + PHYS_ID); }
        public static void physId(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + PHYS_ID, v); }
    }

    /// `v` is the guest virtual address of a [XenVcpuInfo.VcpuTimeInfo].
    public static final class RegisterTimeMemoryArea {
        public static final StructLayout LAYOUT = struct("vcpu_register_time_memory_area",
                union("addr", u64("h"), u64("v"), u64("p")));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long V = offsetOf(LAYOUT, "addr", "v");

        private RegisterTimeMemoryArea() {
        }

        public static long v(MemorySegment s, long base) { return s.get(JAVA_LONG, base + V); }
        public static void v(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + V, v); }
    }
}
