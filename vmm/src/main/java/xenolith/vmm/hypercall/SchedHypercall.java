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
    private static final int REASON_MASK = 0xff;
    private static final int NO_REASON = -1;
    /// Xen's bound on how far off a timer may be set: about 13 days. Guests whose clock has wrapped ask for more.
    private static final int FARTHEST_SHIFT = 50;
    private static final long INSTEAD_NS = 100_000_000;

    /// What `SCHEDOP_shutdown_code` said, or the first shutdown: the first reason counts.
    private int reasonSaid = NO_REASON;

    long schedOp(CallContext c, long cmd, long arg) {
        if (c.isPolled()) {
            return CallContext.RING;
        }
        boolean givesWay = cmd == XenSched.SCHEDOP_YIELD || cmd == XenSched.SCHEDOP_BLOCK || cmd == XenSched.SCHEDOP_POLL;
        if (givesWay && c.domain().commits().isNeeded(c.vcpu().id())) {
            // A multicall may have loaded a new root just before. Nobody shall wait for the proof of one that sleeps, and
            // another vcpu's commit would not load it.
            return CallContext.AGAIN;
        }
        switch ((int) cmd) {
            case XenSched.SCHEDOP_YIELD -> c.control().yieldHost();
            case XenSched.SCHEDOP_BLOCK -> c.control().block();
            case XenSched.SCHEDOP_SHUTDOWN -> {
                return c.copyIn(arg, XenSched.Shutdown.SIZEOF)
                        ? shutdown(c, XenSched.Shutdown.reason(c.scratch(), 0)) : -XenErrno.EFAULT;
            }
            case XenSched.SCHEDOP_WATCHDOG -> {
                return c.copyIn(arg, XenSched.Watchdog.SIZEOF)
                        ? c.domain().watchdogs().set(XenSched.Watchdog.id(c.scratch(), 0),
                                XenSched.Watchdog.timeout(c.scratch(), 0)) : -XenErrno.EFAULT;
            }
            case XenSched.SCHEDOP_POLL -> {
                return poll(c, arg);
            }
            default -> {
                return rare(c, (int) cmd, arg);
            }
        }
        return 0;
    }

    private long rare(CallContext c, int cmd, long arg) {
        MemorySegment s = c.scratch();
        return switch (cmd) {
            case XenSched.SCHEDOP_SHUTDOWN_CODE -> {
                if (!c.copyIn(arg, XenSched.Shutdown.SIZEOF)) {
                    yield -XenErrno.EFAULT;
                }
                firstReason(XenSched.Shutdown.reason(s, 0));
                yield 0;
            }
            // For those who control domains: not even for one's own.
            case XenSched.SCHEDOP_REMOTE_SHUTDOWN -> c.copyIn(arg, XenSched.RemoteShutdown.SIZEOF)
                    ? DomainNames.checkControl(c.domain(), XenSched.RemoteShutdown.domainId(s, 0)) : -XenErrno.EFAULT;
            case XenSched.SCHEDOP_PIN_OVERRIDE -> -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    /// `sched_op_compat`: without structures.
    long compat(CallContext c, long cmd, long arg) {
        return switch ((int) cmd) {
            case XenSched.SCHEDOP_YIELD, XenSched.SCHEDOP_BLOCK -> schedOp(c, cmd, 0);
            case XenSched.SCHEDOP_SHUTDOWN -> c.isPolled() ? CallContext.RING : shutdown(c, (int) arg);
            default -> -XenErrno.ENOSYS;
        };
    }

    private int firstReason(int reason) {
        if (reasonSaid == NO_REASON) {
            reasonSaid = reason & REASON_MASK;
        }
        return reasonSaid;
    }

    /// Xen ends the domain whatever the reason, and its toolstack destroys one whose reason it does not know.
    private long shutdown(CallContext c, int asked) {
        Domain domain = c.domain();
        int reason = firstReason(asked);
        switch (reason) {
            case XenSched.SHUTDOWN_POWEROFF -> domain.end(new DomainEnd.PoweredOff());
            case XenSched.SHUTDOWN_REBOOT -> domain.end(new DomainEnd.Rebooted());
            case XenSched.SHUTDOWN_SUSPEND -> domain.end(new DomainEnd.Suspended());
            case XenSched.SHUTDOWN_CRASH -> c.control().crashed("the guest says that it crashed");
            case XenSched.SHUTDOWN_WATCHDOG -> domain.end(new DomainEnd.WatchdogExpired());
            default -> c.control().crashed("the guest shuts down for reason " + reason + ", which has no name");
        }
        return 0;
    }

    /// What is pending is told before bad ports are.
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
        if (c.vcpu().eventPending() && !c.vcpu().eventsMasked()) {
            return 0;
        }
        if (!c.copyIn(XenSched.Poll.ports(s, 0), (long) count * Integer.BYTES)) {
            return -XenErrno.EFAULT;
        }
        int[] ports = c.pollPorts();
        for (int i = 0; i < count; i++) {
            ports[i] = s.get(ValueLayout.JAVA_INT, (long) i * Integer.BYTES);
            if (!c.domain().events().isOpen(ports[i])) {
                return -XenErrno.EINVAL;
            }
            if (c.domain().events().isPending(ports[i])) {
                return 0;
            }
        }
        c.control().poll(ports, count, timeoutNs == 0 ? VcpuTimer.NEVER : timeoutNs);
        return 0;
    }

    /// Absolute nanoseconds of system time; 0 takes the timer back. A guest whose clock has wrapped, to a time before the
    /// first or one much too late, may have work to do or none at all: it is woken a little later.
    long setTimerOp(CallContext c, long deadlineNs) {
        if (deadlineNs == 0) {
            c.vcpu().timer().stopSingleshot();
            return 0;
        }
        long now = c.domain().clock().nowNs();
        boolean wrapped = deadlineNs < 0 || deadlineNs - now >> FARTHEST_SHIFT > 0;
        c.vcpu().timer().setSingleshot(wrapped ? now + INSTEAD_NS : deadlineNs);
        return 0;
    }
}
