package xenolith.vmm.hypercall;

import xenolith.abi.XenErrno;
import xenolith.abi.XenPhysdev;
import xenolith.abi.XenSegment;
import xenolith.abi.XenVmAssist;
import xenolith.vmm.domain.Assists;
import xenolith.vmm.domain.DebugRegisters;
import xenolith.vmm.mm.PageWalk;

/// What hypercalls change of a vcpu's registers: stack, segment bases, TS, debug registers, I/O privilege.
final class CpuStateHypercall {
    private static final int DR4 = 4;
    private static final int DR5 = 5;
    private static final int DR7 = 7;
    private static final long CR4_DE = 8;
    private static final int MOST_PORTS = 65536;

    /// `stack_switch`: the stack for traps from user mode. Every context switch asks for it, but only a multicall asks
    /// Java: the stub answers a call of its own, as it does those of `set_segment_base` for FS and the user's GS.
    long stackSwitch(CallContext c, long ss, long sp) {
        c.vcpu().kernelSp(sp);
        return 0;
    }

    /// `set_segment_base`.
    long setSegmentBase(CallContext c, long which, long base) {
        if (which != XenSegment.SEGBASE_GS_USER_SEL && !CallbackHypercall.isCanonical(base)) {
            return -XenErrno.EINVAL;
        }
        switch ((int) which) {
            case XenSegment.SEGBASE_FS -> c.loadFsBase(base);
            case XenSegment.SEGBASE_GS_USER -> c.vcpu().window().userGs(base);
            case XenSegment.SEGBASE_GS_KERNEL -> {
                if (c.isPolled()) {
                    return CallContext.RING;
                }
                c.control().kernelGsBase(base);
            }
            case XenSegment.SEGBASE_GS_USER_SEL -> c.vcpu().window().userGs(0);
            default -> {
                return -XenErrno.EINVAL;
            }
        }
        return 0;
    }

    /// `fpu_taskswitch`.
    long fpuTaskswitch(CallContext c, long set) {
        boolean wanted = set != 0;
        if (wanted != c.vcpu().taskSwitched()) {
            if (c.isPolled()) {
                return CallContext.RING;
            }
            c.vcpu().taskSwitched(wanted);
            c.control().taskSwitched(wanted);
        }
        return 0;
    }

    /// Where the host loads debug registers, breakpoints are the vcpu's thread's to load and to unload.
    long setDebugreg(CallContext c, long register, long value) {
        int number = debugRegister(c, register);
        if (number < 0) {
            return number;
        }
        DebugRegisters debug = c.vcpu().debug();
        if (c.isPolled() && debug.isLoaded() && (debug.isActive() || number == DR7)) {
            return CallContext.RING;
        }
        return c.vcpu().setDebugRegister(number, value);
    }

    /// The register itself, or a small negative errno, as Xen has it.
    long getDebugreg(CallContext c, long register) {
        int number = debugRegister(c, register);
        return number < 0 ? number : c.vcpu().debug().get(number);
    }

    /// DR4 and DR5 are other names of DR6 and DR7, but with CR4.DE they do not exist.
    private static int debugRegister(CallContext c, long register) {
        if (register < 0 || register > DR7) {
            return -XenErrno.ENODEV;
        }
        if (register != DR4 && register != DR5) {
            return (int) register;
        }
        return (c.vcpu().cr4() & CR4_DE) == 0 ? (int) register + 2 : -XenErrno.ENODEV;
    }

    /// `vm_assist`: what the domain has on, every vcpu's stubs know.
    long vmAssist(CallContext c, long cmd, long type) {
        if (cmd != XenVmAssist.VMASST_CMD_ENABLE && cmd != XenVmAssist.VMASST_CMD_DISABLE) {
            return -XenErrno.ENOSYS;
        }
        if (!Assists.isKnown(type)) {
            return -XenErrno.EINVAL;
        }
        c.domain().assists().set((int) type, cmd == XenVmAssist.VMASST_CMD_ENABLE);
        for (int id = 0; id < c.domain().vcpuCount(); id++) {
            c.domain().vcpu(id).tellMonitor();
        }
        return 0;
    }

    /// The commands of `physdev_op` that are about I/O privilege: a domain without devices has no use for it, but Linux
    /// sets its level all the same, and which ports a process may try.
    long physdevOp(CallContext c, long cmd, long arg) {
        return switch ((int) cmd) {
            case XenPhysdev.PHYSDEVOP_SET_IOPL -> setIopl(c, arg);
            case XenPhysdev.PHYSDEVOP_SET_IOBITMAP -> setIoBitmap(c, arg);
            default -> -XenErrno.ENOSYS;
        };
    }

    private static long setIopl(CallContext c, long arg) {
        if (!c.copyIn(arg, XenPhysdev.SetIopl.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int iopl = XenPhysdev.SetIopl.iopl(c.scratch(), 0);
        if (iopl < 0 || iopl > 3) {
            return -XenErrno.EINVAL;
        }
        c.vcpu().iopl(iopl);
        return 0;
    }

    /// The bits are read when a port is used: they may change until then.
    private static long setIoBitmap(CallContext c, long arg) {
        if (!c.copyIn(arg, XenPhysdev.SetIobitmap.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        long bitmap = XenPhysdev.SetIobitmap.bitmap(c.scratch(), 0);
        int ports = XenPhysdev.SetIobitmap.nrPorts(c.scratch(), 0);
        if (ports < 0 || ports > MOST_PORTS || bitmap != 0 && !PageWalk.isGuestAddress(bitmap)) {
            return -XenErrno.EINVAL;
        }
        c.vcpu().ioBitmap(bitmap, ports);
        return 0;
    }
}
