package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenSched;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.sched.VcpuTimer;

/// `sched_op` and `set_timer_op` (`xen/sched.h`).
final class SchedHypercall {
    long schedOp(CallContext c, long cmd, long arg) {
        if (c.isPolled()) {
            return CallContext.RING;
        }
        switch ((int) cmd) {
            case XenSched.SCHEDOP_YIELD -> c.control().yieldHost();
            case XenSched.SCHEDOP_BLOCK -> c.control().block();
            case XenSched.SCHEDOP_SHUTDOWN -> {
                return c.copyIn(arg, XenSched.Shutdown.SIZEOF)
                        ? shutdown(c, XenSched.Shutdown.reason(c.scratch(), 0)) : -XenErrno.EFAULT;
            }
            case XenSched.SCHEDOP_POLL -> {
                return poll(c, arg);
            }
            default -> {
                return -XenErrno.ENOSYS;
            }
        }
        return 0;
    }

    private static long shutdown(CallContext c, int reason) {
        Domain domain = c.domain();
        switch (reason) {
            case XenSched.SHUTDOWN_POWEROFF -> domain.end(new DomainEnd.PoweredOff());
            case XenSched.SHUTDOWN_REBOOT -> domain.end(new DomainEnd.Rebooted());
            case XenSched.SHUTDOWN_SUSPEND -> domain.end(new DomainEnd.Suspended());
            case XenSched.SHUTDOWN_CRASH -> c.control().crashed("the guest says that it crashed");
            case XenSched.SHUTDOWN_WATCHDOG -> c.control().crashed("the guest's watchdog ran out");
            default -> {
                return -XenErrno.EINVAL;
            }
        }
        return 0;
    }

    private long poll(CallContext c, long arg) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenSched.Poll.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int count = XenSched.Poll.nrPorts(s, 0);
        long timeoutNs = XenSched.Poll.timeout(s, 0);
        if (count < 0 || count > CallContext.MAX_POLL_PORTS) {
            return -XenErrno.EINVAL;
        }
        if (!c.copyIn(XenSched.Poll.ports(s, 0), (long) count * Integer.BYTES)) {
            return -XenErrno.EFAULT;
        }
        int[] ports = c.pollPorts();
        for (int i = 0; i < count; i++) {
            ports[i] = s.get(ValueLayout.JAVA_INT, (long) i * Integer.BYTES);
            if (ports[i] < 0 || ports[i] >= c.domain().events().ports()) {
                return -XenErrno.EINVAL;
            }
        }
        c.control().poll(ports, count, timeoutNs == 0 ? VcpuTimer.NEVER : timeoutNs);
        return 0;
    }

    /// Absolute nanoseconds of system time; 0 takes the timer back.
    long setTimerOp(CallContext c, long deadlineNs) {
        c.vcpu().timer().setSingleshot(deadlineNs == 0 ? VcpuTimer.NEVER : deadlineNs);
        return 0;
    }
}
