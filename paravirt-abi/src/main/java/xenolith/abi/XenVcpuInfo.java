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

/// `struct vcpu_info` and the clock inside it, from xen/include/public/xen.h and arch-x86/xen-x86_64.h.
///
/// One for each virtual CPU, first in shared_info and later where the guest registers it. Guest and hypervisor both
/// write the two event bytes and the selector all the time, hence the volatile forms; they give no plain ones.
public final class XenVcpuInfo {
    public static final StructLayout LAYOUT = struct("vcpu_info",
            u8("evtchn_upcall_pending"), u8("evtchn_upcall_mask"),
            u64("evtchn_pending_sel"),
            struct("arch_vcpu_info", u64("cr2"), u64("pad")).withName("arch"),
            VcpuTimeInfo.LAYOUT.withName("time"));
    public static final long SIZEOF = LAYOUT.byteSize();
    public static final long EVTCHN_UPCALL_PENDING_OFFSET = offsetOf(LAYOUT, "evtchn_upcall_pending");
    public static final long EVTCHN_UPCALL_MASK_OFFSET = offsetOf(LAYOUT, "evtchn_upcall_mask");
    public static final long EVTCHN_PENDING_SEL_OFFSET = offsetOf(LAYOUT, "evtchn_pending_sel");
    public static final long CR2_OFFSET = offsetOf(LAYOUT, "arch", "cr2");
    public static final long TIME_OFFSET = offsetOf(LAYOUT, "time");

    private XenVcpuInfo() {
    }

    public static long cr2(MemorySegment s, long base) { return s.get(JAVA_LONG, base + CR2_OFFSET); }
    public static void cr2(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + CR2_OFFSET, v); }

    /// Whether an upcall is due; 0 or 1.
    public static int evtchnUpcallPending(MemorySegment s, long base) {
        return SharedWord.getByteVolatile(s, base + EVTCHN_UPCALL_PENDING_OFFSET);
    }

    /// Set after the selector word, because the guest clears this first and reads the selector next.
    public static void evtchnUpcallPending(MemorySegment s, long base, int v) {
        SharedWord.setByteVolatile(s, base + EVTCHN_UPCALL_PENDING_OFFSET, v);
    }

    /// Whether upcalls are held back: the guest's interrupt flag, upside down. Not 0 means masked.
    public static int evtchnUpcallMask(MemorySegment s, long base) {
        return SharedWord.getByteVolatile(s, base + EVTCHN_UPCALL_MASK_OFFSET);
    }

    public static void evtchnUpcallMask(MemorySegment s, long base, int v) {
        SharedWord.setByteVolatile(s, base + EVTCHN_UPCALL_MASK_OFFSET, v);
    }

    /// One bit for each word of `evtchn_pending` with work in it.
    public static long evtchnPendingSel(MemorySegment s, long base) {
        return SharedWord.getLongVolatile(s, base + EVTCHN_PENDING_SEL_OFFSET);
    }

    public static void evtchnPendingSel(MemorySegment s, long base, long v) {
        SharedWord.setLongVolatile(s, base + EVTCHN_PENDING_SEL_OFFSET, v);
    }

    /// Sets bits and returns the selector as it was; the guest takes the whole word with an exchange.
    public static long evtchnPendingSelOr(MemorySegment s, long base, long mask) {
        return SharedWord.getAndOrLong(s, base + EVTCHN_PENDING_SEL_OFFSET, mask);
    }

    /// Where the [VcpuTimeInfo] of the `vcpu_info` at `base` stands.
    public static long time(long base) {
        return base + TIME_OFFSET;
    }

    /// `struct vcpu_time_info`: turns a TSC reading into nanoseconds since the domain started.
    ///
    /// ns = system_time + (((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul >> 32), a negative shift going
    /// right. The guest reads without a lock: it retries while `version` is odd or changed. So the writer makes it odd,
    /// fences, writes, and makes it even with a release. The guest can scribble here; the writer keeps the version in a
    /// field of its own.
    public static final class VcpuTimeInfo {
        /// Flag: the TSC runs at one rate on all virtual CPUs. The guest's vDSO needs it.
        public static final int XEN_PVCLOCK_TSC_STABLE_BIT = 1;
        /// Flag: the guest was stopped for a while; keeps its watchdogs quiet.
        public static final int XEN_PVCLOCK_GUEST_STOPPED = 2;

        public static final StructLayout LAYOUT = struct("vcpu_time_info",
                u32("version"), u32("pad0"), u64("tsc_timestamp"), u64("system_time"), u32("tsc_to_system_mul"),
                u8("tsc_shift"), u8("flags"), array("pad1", 2, JAVA_BYTE));
        public static final long SIZEOF = LAYOUT.byteSize();
        public static final long VERSION_OFFSET = offsetOf(LAYOUT, "version");
        public static final long TSC_TIMESTAMP_OFFSET = offsetOf(LAYOUT, "tsc_timestamp");
        public static final long SYSTEM_TIME_OFFSET = offsetOf(LAYOUT, "system_time");
        public static final long TSC_TO_SYSTEM_MUL_OFFSET = offsetOf(LAYOUT, "tsc_to_system_mul");
        public static final long TSC_SHIFT_OFFSET = offsetOf(LAYOUT, "tsc_shift");
        public static final long FLAGS_OFFSET = offsetOf(LAYOUT, "flags");

        private VcpuTimeInfo() {
        }

        public static int version(MemorySegment s, long base) { return s.get(JAVA_INT, base + VERSION_OFFSET); }
        public static void version(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + VERSION_OFFSET, v); }
        public static long tscTimestamp(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + TSC_TIMESTAMP_OFFSET);
        }
        public static void tscTimestamp(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + TSC_TIMESTAMP_OFFSET, v);
        }
        public static long systemTime(MemorySegment s, long base) {
            return s.get(JAVA_LONG, base + SYSTEM_TIME_OFFSET);
        }
        public static void systemTime(MemorySegment s, long base, long v) {
            s.set(JAVA_LONG, base + SYSTEM_TIME_OFFSET, v);
        }
        public static int tscToSystemMul(MemorySegment s, long base) {
            return s.get(JAVA_INT, base + TSC_TO_SYSTEM_MUL_OFFSET);
        }
        public static void tscToSystemMul(MemorySegment s, long base, int v) {
            s.set(JAVA_INT, base + TSC_TO_SYSTEM_MUL_OFFSET, v);
        }
        public static int tscShift(MemorySegment s, long base) { return s.get(JAVA_BYTE, base + TSC_SHIFT_OFFSET); }
        public static void tscShift(MemorySegment s, long base, int v) { setU8(s, base + TSC_SHIFT_OFFSET, v); }
        public static int flags(MemorySegment s, long base) { return getU8(s, base + FLAGS_OFFSET); }
        public static void flags(MemorySegment s, long base, int v) { setU8(s, base + FLAGS_OFFSET, v); }

        /// Publishes: what was written before is seen by a guest that sees this version.
        public static void versionRelease(MemorySegment s, long base, int v) {
            SharedWord.setIntRelease(s, base + VERSION_OFFSET, v);
        }

        /// A whole store that is in order with no other; the writer fences after it.
        public static void versionOpaque(MemorySegment s, long base, int v) {
            SharedWord.setIntOpaque(s, base + VERSION_OFFSET, v);
        }
    }
}
