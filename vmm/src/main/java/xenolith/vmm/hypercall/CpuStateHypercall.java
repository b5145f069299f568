package xenolith.vmm.hypercall;

import xenolith.abi.XenErrno;
import xenolith.abi.XenPhysdev;
import xenolith.abi.XenSegment;
import xenolith.abi.XenVmAssist;

/// What hypercalls change of a vcpu's registers: stack, segment bases, TS, debug registers, I/O privilege.
final class CpuStateHypercall {
    /// `stack_switch`: the stack for traps from user mode. Hot: every context switch.
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

    long setDebugreg(CallContext c, long register, long value) {
        if (register < 0 || register > 7) {
            return -XenErrno.EINVAL;
        }
        // DR4 and DR5 are other names of DR6 and DR7.
        int number = register == 4 || register == 5 ? (int) register + 2 : (int) register;
        return c.vcpu().setDebugRegister(number, value) ? 0 : -XenErrno.EPERM;
    }

    /// The register itself, or a small negative errno, as Xen has it.
    long getDebugreg(CallContext c, long register) {
        return switch ((int) register) {
            case 0, 1, 2, 3 -> c.vcpu().debugRegister((int) register);
            case 4, 6 -> c.vcpu().debugRegister(6);
            case 5, 7 -> c.vcpu().debugRegister(7);
            default -> -XenErrno.EINVAL;
        };
    }

    /// `vm_assist`. Writable page tables are always on; the others known to PV guests are accepted where they ask for
    /// what we do anyway.
    long vmAssist(long cmd, long type) {
        if (cmd != XenVmAssist.VMASST_CMD_ENABLE && cmd != XenVmAssist.VMASST_CMD_DISABLE) {
            return -XenErrno.ENOSYS;
        }
        return switch ((int) type) {
            case XenVmAssist.VMASST_TYPE_WRITABLE_PAGETABLES, XenVmAssist.VMASST_TYPE_PAE_EXTENDED_CR3 -> 0;
            default -> -XenErrno.EINVAL;
        };
    }

    /// `physdev_op`: an unprivileged domain has no devices; Linux sets its I/O privilege level all the same.
    long physdevOp(CallContext c, long cmd, long arg) {
        if (cmd == XenPhysdev.PHYSDEVOP_SET_IOPL) {
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
        return -XenErrno.ENOSYS;
    }
}
