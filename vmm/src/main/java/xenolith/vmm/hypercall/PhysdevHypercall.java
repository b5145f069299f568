package xenolith.vmm.hypercall;

import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenPhysdev;

/// `physdev_op` (`xen/physdev.h`), in both forms. What is about I/O privilege is [CpuStateHypercall]'s; the rest is about
/// physical interrupts, of which a domain without devices has none, and about the host's devices, which are the control
/// domain's. Errnos are those that Xen gives an unprivileged domain, in its order: mostly the structure is read first.
final class PhysdevHypercall {
    /// Interrupt numbers that exist, bound or not.
    static final int PIRQS = 64;
    /// `physdev_op`: the command, then what it is about.
    private static final long COMPAT_BYTES = 24;
    private static final long COMPAT_ARGUMENT = 8;
    private static final long APIC_BYTES = 16;
    private static final long IRQ_BYTES = 8;
    private static final long PCI_BYTES = 2;
    private static final long PCI_EXT_BYTES = 16;
    private static final long IS_EXTFN_OFFSET = 4;
    private static final long IS_VIRTFN_OFFSET = 8;
    private static final long PCI_DEVICE_BYTES = 4;
    private static final long PCI_DEVICE_ADD_BYTES = 12;
    private static final long GSI_BYTES = 8;
    /// One IOAPIC's.
    private static final int GSIS = 24;

    private final CpuStateHypercall cpuState;

    PhysdevHypercall(CpuStateHypercall cpuState) {
        this.cpuState = cpuState;
    }

    long compat(CallContext c, long arg) {
        return c.copyIn(arg, COMPAT_BYTES)
                ? physdevOp(c, c.scratch().get(ValueLayout.JAVA_INT, 0), arg + COMPAT_ARGUMENT) : -XenErrno.EFAULT;
    }

    long physdevOp(CallContext c, long cmd, long arg) {
        return switch ((int) cmd) {
            case XenPhysdev.PHYSDEVOP_SET_IOPL, XenPhysdev.PHYSDEVOP_SET_IOBITMAP ->
                cpuState.physdevOp(c, (int) cmd, arg);
            case XenPhysdev.PHYSDEVOP_IRQ_UNMASK_NOTIFY -> 0;
            case XenPhysdev.PHYSDEVOP_IRQ_STATUS_QUERY -> irqStatus(c, arg);
            case XenPhysdev.PHYSDEVOP_EOI -> given(c, arg, XenPhysdev.Eoi.SIZEOF, XenErrno.EINVAL);
            case XenPhysdev.PHYSDEVOP_GET_FREE_PIRQ -> given(c, arg, XenPhysdev.GetFreePirq.SIZEOF, XenErrno.ENOSPC);
            case XenPhysdev.PHYSDEVOP_MAP_PIRQ -> c.copyIn(arg, XenPhysdev.MapPirq.SIZEOF)
                    ? ofDomain(c, XenPhysdev.MapPirq.domid(c.scratch(), 0)) : -XenErrno.EFAULT;
            case XenPhysdev.PHYSDEVOP_UNMAP_PIRQ -> c.copyIn(arg, XenPhysdev.UnmapPirq.SIZEOF)
                    ? ofDomain(c, XenPhysdev.UnmapPirq.domid(c.scratch(), 0)) : -XenErrno.EFAULT;
            default -> ofTheHost(c, (int) cmd, arg);
        };
    }

    private static long ofTheHost(CallContext c, int cmd, long arg) {
        return switch (cmd) {
            case XenPhysdev.PHYSDEVOP_APIC_READ, XenPhysdev.PHYSDEVOP_APIC_WRITE ->
                given(c, arg, APIC_BYTES, XenErrno.EPERM);
            case XenPhysdev.PHYSDEVOP_ALLOC_IRQ_VECTOR -> given(c, arg, IRQ_BYTES, XenErrno.EPERM);
            case XenPhysdev.PHYSDEVOP_MANAGE_PCI_ADD, XenPhysdev.PHYSDEVOP_MANAGE_PCI_REMOVE ->
                given(c, arg, PCI_BYTES, XenErrno.EPERM);
            case XenPhysdev.PHYSDEVOP_MANAGE_PCI_ADD_EXT -> addExtended(c, arg);
            case XenPhysdev.PHYSDEVOP_PCI_DEVICE_ADD -> given(c, arg, PCI_DEVICE_ADD_BYTES, XenErrno.EPERM);
            case XenPhysdev.PHYSDEVOP_PCI_DEVICE_REMOVE, XenPhysdev.PHYSDEVOP_PREPARE_MSIX,
                    XenPhysdev.PHYSDEVOP_RELEASE_MSIX -> given(c, arg, PCI_DEVICE_BYTES, XenErrno.EPERM);
            // Whether the caller may is not asked, but there is no such device.
            case XenPhysdev.PHYSDEVOP_RESTORE_MSI -> given(c, arg, PCI_BYTES, XenErrno.ENODEV);
            case XenPhysdev.PHYSDEVOP_RESTORE_MSI_EXT -> given(c, arg, PCI_DEVICE_BYTES, XenErrno.ENODEV);
            case XenPhysdev.PHYSDEVOP_SETUP_GSI -> setupGsi(c, arg);
            case XenPhysdev.PHYSDEVOP_PCI_MMCFG_RESERVED, XenPhysdev.PHYSDEVOP_DBGP_OP -> -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    /// `errno`, if the structure can be read.
    private static long given(CallContext c, long arg, long byteLength, int errno) {
        return c.copyIn(arg, byteLength) ? -errno : -XenErrno.EFAULT;
    }

    /// Interrupts are mapped by the control domain or a device model.
    private static long ofDomain(CallContext c, int domid) {
        return DomainNames.exists(c.domain(), domid) ? -XenErrno.EPERM : -XenErrno.ESRCH;
    }

    private static long irqStatus(CallContext c, long arg) {
        if (!c.copyIn(arg, XenPhysdev.IrqStatusQuery.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int irq = XenPhysdev.IrqStatusQuery.irq(c.scratch(), 0);
        if (irq < 0 || irq >= PIRQS) {
            return -XenErrno.EINVAL;
        }
        XenPhysdev.IrqStatusQuery.flags(c.scratch(), 0, XenPhysdev.XENIRQSTAT_NEEDS_EOI);
        return c.copyOut(arg, XenPhysdev.IrqStatusQuery.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static long addExtended(CallContext c, long arg) {
        if (!c.copyIn(arg, PCI_EXT_BYTES)) {
            return -XenErrno.EFAULT;
        }
        boolean isBad = Integer.compareUnsigned(c.scratch().get(ValueLayout.JAVA_INT, IS_EXTFN_OFFSET), 1) > 0
                || Integer.compareUnsigned(c.scratch().get(ValueLayout.JAVA_INT, IS_VIRTFN_OFFSET), 1) > 0;
        return isBad ? -XenErrno.EINVAL : -XenErrno.EPERM;
    }

    private static long setupGsi(CallContext c, long arg) {
        if (!c.copyIn(arg, GSI_BYTES)) {
            return -XenErrno.EFAULT;
        }
        int gsi = c.scratch().get(ValueLayout.JAVA_INT, 0);
        return gsi < 0 || gsi >= GSIS ? -XenErrno.EINVAL : -XenErrno.EPERM;
    }
}
