package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// Scheduling operations, from xen/include/public/sched.h.
///
/// The hypercall takes a command and the guest address of the matching struct.
public final class XenSched {
    public static final int SCHEDOP_YIELD = 0;
    /// Unmasks events and sleeps until one is pending.
    public static final int SCHEDOP_BLOCK = 1;
    public static final int SCHEDOP_SHUTDOWN = 2;
    /// Sleeps until one of some ports is pending, masked or not, or a time is reached.
    public static final int SCHEDOP_POLL = 3;
    public static final int SCHEDOP_REMOTE_SHUTDOWN = 4;
    /// Records a reason without shutting down.
    public static final int SCHEDOP_SHUTDOWN_CODE = 5;
    /// The domain shuts down unless it calls again in time.
    public static final int SCHEDOP_WATCHDOG = 6;
    public static final int SCHEDOP_PIN_OVERRIDE = 7;

    public static final int SHUTDOWN_POWEROFF = 0;
    public static final int SHUTDOWN_REBOOT = 1;
    public static final int SHUTDOWN_SUSPEND = 2;
    public static final int SHUTDOWN_CRASH = 3;
    public static final int SHUTDOWN_WATCHDOG = 4;
    public static final int SHUTDOWN_SOFT_RESET = 5;
    public static final int SHUTDOWN_MAX = SHUTDOWN_SOFT_RESET;

    private XenSched() {
    }

    /// Argument of SCHEDOP_shutdown and SCHEDOP_shutdown_code.
    public static final class Shutdown {
        public static final StructLayout LAYOUT = struct("sched_shutdown", u32("reason"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long REASON = offsetOf(LAYOUT, "reason");

        private Shutdown() {
        }

        public static int reason(MemorySegment s, long base) { return s.get(JAVA_INT, base + REASON); }
        public static void reason(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + REASON, v); }
    }

    /// `ports` is the guest address of `nr_ports` 32-bit ports; `timeout` is absolute system time in ns, 0 for none.
    public static final class Poll {
        public static final StructLayout LAYOUT = struct("sched_poll", u64("ports"), u32("nr_ports"), u64("timeout"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PORTS = offsetOf(LAYOUT, "ports");
        private static final long NR_PORTS = offsetOf(LAYOUT, "nr_ports");
        private static final long TIMEOUT = offsetOf(LAYOUT, "timeout");

        private Poll() {
        }

        public static long ports(MemorySegment s, long base) { return s.get(JAVA_LONG, base + PORTS); }
        public static void ports(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + PORTS, v); }
        public static int nrPorts(MemorySegment s, long base) { return s.get(JAVA_INT, base + NR_PORTS); }
        public static void nrPorts(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + NR_PORTS, v); }
        public static long timeout(MemorySegment s, long base) { return s.get(JAVA_LONG, base + TIMEOUT); }
        public static void timeout(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + TIMEOUT, v); }
    }

    /// For the control domain.
    public static final class RemoteShutdown {
        public static final StructLayout LAYOUT = struct("sched_remote_shutdown", u16("domain_id"), u32("reason"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long DOMAIN_ID = offsetOf(LAYOUT, "domain_id");
        private static final long REASON = offsetOf(LAYOUT, "reason");

        private RemoteShutdown() {
        }

        public static int domainId(MemorySegment s, long base) { return getU16(s, base + DOMAIN_ID); }
        public static void domainId(MemorySegment s, long base, int v) { setU16(s, base + DOMAIN_ID, v); }
        public static int reason(MemorySegment s, long base) { return s.get(JAVA_INT, base + REASON); }
        public static void reason(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + REASON, v); }
    }

    /// `id` 0 sets a new one and answers its number; `timeout` in seconds, 0 to stop it.
    public static final class Watchdog {
        public static final StructLayout LAYOUT = struct("sched_watchdog", u32("id"), u32("timeout"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long ID = offsetOf(LAYOUT, "id");
        private static final long TIMEOUT = offsetOf(LAYOUT, "timeout");

        private Watchdog() {
        }

        public static int id(MemorySegment s, long base) { return s.get(JAVA_INT, base + ID); }
        public static void id(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + ID, v); }
        public static int timeout(MemorySegment s, long base) { return s.get(JAVA_INT, base + TIMEOUT); }
        public static void timeout(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + TIMEOUT, v); }
    }

    /// Asks for a physical CPU, a negative number to end it; for the control domain.
    public static final class PinOverride {
        public static final StructLayout LAYOUT = struct("sched_pin_override", u32("pcpu"));
        public static final long SIZEOF = LAYOUT.byteSize();
        private static final long PCPU = offsetOf(LAYOUT, "pcpu");

        private PinOverride() {
        }

        public static int pcpu(MemorySegment s, long base) { return s.get(JAVA_INT, base + PCPU); }
        public static void pcpu(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + PCPU, v); }
    }

    /// The reason in words; for logs.
    public static String shutdownName(int reason) {
        return switch (reason) {
            case SHUTDOWN_POWEROFF -> "poweroff";
            case SHUTDOWN_REBOOT -> "reboot";
            case SHUTDOWN_SUSPEND -> "suspend";
            case SHUTDOWN_CRASH -> "crash";
            case SHUTDOWN_WATCHDOG -> "watchdog";
            case SHUTDOWN_SOFT_RESET -> "soft_reset";
            default -> "reason " + Integer.toUnsignedString(reason);
        };
    }
}
