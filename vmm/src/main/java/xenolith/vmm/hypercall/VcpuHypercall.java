package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import xenolith.abi.GuestContext;
import xenolith.abi.XenErrno;
import xenolith.abi.XenVcpu;
import xenolith.abi.XenVcpuInfo;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.GuestAreas;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageTables;
import xenolith.vmm.mm.PageWalk;

/// `vcpu_op` (`xen/vcpu.h`).
final class VcpuHypercall {
    /// Periods shorter than this would leave no time for the guest (Xen refuses them too).
    private static final long SHORTEST_PERIOD_NS = 1_000_000;
    /// Xen's bound: sums with system time stay far from overflow.
    private static final long LONGEST_PERIOD_NS = ~0L >>> 2;

    private final VcpuLifecycle lifecycle;

    VcpuHypercall(VcpuLifecycle lifecycle) {
        this.lifecycle = lifecycle;
    }

    /// A number, of 32 bits, beyond the domain's vcpus is -ENOENT: guests count their processors by that.
    long vcpuOp(CallContext c, long cmd, long vcpuId, long arg) {
        Domain domain = c.domain();
        int id = (int) vcpuId;
        if (id < 0 || id >= domain.vcpuCount()) {
            return -XenErrno.ENOENT;
        }
        Vcpu target = domain.vcpu(id);
        return switch ((int) cmd) {
            case XenVcpu.VCPUOP_SET_SINGLESHOT_TIMER -> setSingleshot(c, target, arg);
            case XenVcpu.VCPUOP_STOP_SINGLESHOT_TIMER -> stopSingleshot(c, target);
            case XenVcpu.VCPUOP_INITIALISE -> initialise(c, target, arg);
            case XenVcpu.VCPUOP_UP -> lifecycle.up(target.id());
            case XenVcpu.VCPUOP_DOWN -> down(c, target);
            case XenVcpu.VCPUOP_IS_UP -> target.isUp() ? 1 : 0;
            case XenVcpu.VCPUOP_GET_RUNSTATE_INFO -> runstateInfo(c, target, arg);
            case XenVcpu.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA -> registerRunstate(c, target, arg);
            case XenVcpu.VCPUOP_SET_PERIODIC_TIMER -> setPeriodic(c, target, arg);
            case XenVcpu.VCPUOP_STOP_PERIODIC_TIMER -> stopPeriodic(target);
            case XenVcpu.VCPUOP_REGISTER_VCPU_INFO -> registerVcpuInfo(c, target, arg);
            case XenVcpu.VCPUOP_SEND_NMI -> sendNmi(target, arg);
            case XenVcpu.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA -> registerTimeArea(c, target, arg);
            // Only a control domain whose vcpus are pinned may know.
            case XenVcpu.VCPUOP_GET_PHYSID -> -XenErrno.EINVAL;
            default -> -XenErrno.ENOSYS;
        };
    }

    /// What has to be committed is committed before: nobody shall wait for the proof of a vcpu that is down.
    private long down(CallContext c, Vcpu target) {
        if (c.isPolled()) {
            return CallContext.RING;
        }
        return c.domain().commits().isNeeded(c.vcpu().id()) ? CallContext.AGAIN : lifecycle.down(target.id());
    }

    private long initialise(CallContext c, Vcpu target, long arg) {
        if (!c.copyIn(arg, GuestContext.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long rc = lifecycle.initialise(target.id(), c.scratch());
        return rc == PageTables.RETRY ? CallContext.AGAIN : rc;
    }

    private static long setSingleshot(CallContext c, Vcpu target, long arg) {
        if (target != c.vcpu()) {
            return -XenErrno.EINVAL;
        }
        MemorySegment s = c.scratch();
        if (!c.copyIn(arg, XenVcpu.SetSingleshotTimer.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long deadlineNs = XenVcpu.SetSingleshotTimer.timeoutAbsNs(s, 0);
        boolean mustBeFuture = (XenVcpu.SetSingleshotTimer.flags(s, 0) & XenVcpu.VCPU_SSHOTTMR_FUTURE) != 0;
        if (mustBeFuture && deadlineNs < c.domain().clock().nowNs()) {
            return -XenErrno.ETIME;
        }
        target.timer().setSingleshot(deadlineNs);
        return 0;
    }

    private static long stopSingleshot(CallContext c, Vcpu target) {
        if (target != c.vcpu()) {
            return -XenErrno.EINVAL;
        }
        target.timer().stopSingleshot();
        return 0;
    }

    private static long setPeriodic(CallContext c, Vcpu target, long arg) {
        if (!c.copyIn(arg, XenVcpu.SetPeriodicTimer.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long periodNs = XenVcpu.SetPeriodicTimer.periodNs(c.scratch(), 0);
        if (periodNs < SHORTEST_PERIOD_NS || periodNs > LONGEST_PERIOD_NS) {
            return -XenErrno.EINVAL;
        }
        target.timer().setPeriod(periodNs);
        return 0;
    }

    private static long stopPeriodic(Vcpu target) {
        target.timer().setPeriod(0);
        return 0;
    }

    /// Comes to the target as exception 2, also while it masks events.
    private static long sendNmi(Vcpu target, long arg) {
        if (arg != 0) {
            return -XenErrno.EINVAL;
        }
        target.nmi().raise();
        target.interrupt();
        return 0;
    }

    private static long runstateInfo(CallContext c, Vcpu target, long arg) {
        GuestAreas.fillRunstateNow(target, c.scratch());
        return c.copyOut(arg, XenVcpu.RunstateInfo.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static long registerRunstate(CallContext c, Vcpu target, long arg) {
        if (!c.copyIn(arg, XenVcpu.RegisterRunstateMemoryArea.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long va = XenVcpu.RegisterRunstateMemoryArea.v(c.scratch(), 0);
        if (!PageWalk.isGuestAddress(va)) {
            return -XenErrno.EFAULT;
        }
        target.runstateVa(va);
        GuestAreas.updateRunstate(target, c.rootMfn(), c.scratch());
        return 0;
    }

    private static long registerTimeArea(CallContext c, Vcpu target, long arg) {
        if (!c.copyIn(arg, XenVcpu.RegisterTimeMemoryArea.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long va = XenVcpu.RegisterTimeMemoryArea.v(c.scratch(), 0);
        if (!PageWalk.isGuestAddress(va)) {
            return -XenErrno.EFAULT;
        }
        target.timeAreaVa(va);
        GuestAreas.updateTime(target, c.rootMfn(), c.scratch());
        return 0;
    }

    /// The frame stays writable for as long as the domain lives, hence can never become a page table. A vcpu that runs
    /// elsewhere could be looking at the old place.
    private static long registerVcpuInfo(CallContext c, Vcpu target, long arg) {
        MemorySegment s = c.scratch();
        Domain domain = c.domain();
        if (!c.copyIn(arg, XenVcpu.RegisterVcpuInfo.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long mfn = XenVcpu.RegisterVcpuInfo.mfn(s, 0);
        long offset = XenVcpu.RegisterVcpuInfo.offset(s, 0) & 0xffff_ffffL;
        if (offset > MachineMemory.PAGE_SIZE - XenVcpuInfo.SIZEOF || (offset & Long.BYTES - 1) != 0) {
            return -XenErrno.ENXIO;
        }
        if (target.hasOwnVcpuInfo() || target != c.vcpu() && target.isUp()) {
            return -XenErrno.EINVAL;
        }
        long rc = domain.pageTables().getWritable(mfn);
        if (rc < 0) {
            return rc == PageTables.RETRY ? CallContext.AGAIN : -XenErrno.EINVAL;
        }
        long infoMa = (mfn << MachineMemory.PAGE_SHIFT) + offset;
        target.moveVcpuInfo(infoMa);
        domain.commits().queue(domain.monitor().mapVcpuInfo(target.id(), infoMa));
        domain.commits().require();
        domain.events().raiseAll(target.id());
        return 0;
    }
}
