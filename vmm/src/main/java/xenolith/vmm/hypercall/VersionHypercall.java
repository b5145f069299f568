package xenolith.vmm.hypercall;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;
import xenolith.abi.XenVersion;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.MonitorAbi;

/// `xen_version` (`xen/version.h`). We claim Xen's interface of version 4.17.
final class VersionHypercall {
    private static final String DENIED = "<denied>";
    private static final int FEATURES = 1 << XenVersion.XENFEAT_MMU_PT_UPDATE_PRESERVE_AD
            | 1 << XenVersion.XENFEAT_GNTTAB_MAP_AVAIL_BITS
            | 1 << XenVersion.XENFEAT_PAE_PGDIR_ABOVE_4GB
            | 1 << XenVersion.XENFEAT_MEMORY_OP_VNODE_SUPPORTED;

    long xenVersion(CallContext c, long cmd, long arg) {
        return switch ((int) cmd) {
            // Also how a guest asks for pending events; so the stub answers it by itself, but in a multicall.
            case XenVersion.XENVER_VERSION -> MonitorAbi.XEN_VERSION;
            case XenVersion.XENVER_EXTRAVERSION -> text(c, arg, ".0-xenolith", XenVersion.XEN_EXTRAVERSION_LEN);
            case XenVersion.XENVER_CAPABILITIES ->
                text(c, arg, "xen-3.0-x86_64 ", XenVersion.XEN_CAPABILITIES_INFO_LEN);
            case XenVersion.XENVER_CHANGESET -> text(c, arg, "", XenVersion.XEN_CHANGESET_INFO_LEN);
            case XenVersion.XENVER_COMPILE_INFO -> compileInfo(c, arg);
            case XenVersion.XENVER_PLATFORM_PARAMETERS -> platformParameters(c, arg);
            case XenVersion.XENVER_GET_FEATURES -> getFeatures(c, arg);
            case XenVersion.XENVER_PAGESIZE -> arg == 0 ? MachineMemory.PAGE_SIZE : -XenErrno.EINVAL;
            case XenVersion.XENVER_GUEST_HANDLE -> guestHandle(c, arg);
            // For the control domain. Xen answers the others with a word instead, and with nothing behind it.
            case XenVersion.XENVER_COMMANDLINE -> text(c, arg, DENIED, DENIED.length() + 1);
            case XenVersion.XENVER_BUILD_ID -> -XenErrno.EPERM;
            default -> -XenErrno.ENOSYS;
        };
    }

    private static long text(CallContext c, long va, String text, int byteLength) {
        MemorySegment s = c.scratch();
        s.asSlice(0, byteLength).fill((byte) 0);
        s.setString(0, text);
        return c.copyOut(va, byteLength) ? 0 : -XenErrno.EFAULT;
    }

    private static long compileInfo(CallContext c, long va) {
        MemorySegment s = c.scratch();
        s.asSlice(0, XenVersion.CompileInfo.SIZEOF).fill((byte) 0);
        XenVersion.CompileInfo.compiler(s, 0, "javac");
        XenVersion.CompileInfo.compileBy(s, 0, "xenolith");
        XenVersion.CompileInfo.compileDomain(s, 0, "");
        XenVersion.CompileInfo.compileDate(s, 0, "");
        return c.copyOut(va, XenVersion.CompileInfo.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    /// Where the hypervisor's part of the address space begins, which holds the machine-to-phys array.
    private static long platformParameters(CallContext c, long va) {
        XenVersion.PlatformParameters.virtStart(c.scratch(), 0, MonitorAbi.M2P_VA);
        return c.copyOut(va, XenVersion.PlatformParameters.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static long getFeatures(CallContext c, long va) {
        MemorySegment s = c.scratch();
        if (!c.copyIn(va, XenVersion.FeatureInfo.SIZEOF)) {
            return -XenErrno.EFAULT;
        }
        int submap = XenVersion.FeatureInfo.submapIdx(s, 0);
        if (submap < 0 || submap >= XenVersion.XENFEAT_NR_SUBMAPS) {
            return -XenErrno.EINVAL;
        }
        XenVersion.FeatureInfo.submap(s, 0, FEATURES);
        return c.copyOut(va, XenVersion.FeatureInfo.SIZEOF) ? 0 : -XenErrno.EFAULT;
    }

    private static long guestHandle(CallContext c, long va) {
        c.scratch().set(ValueLayout.JAVA_LONG, 0, c.domain().uuidHigh());
        c.scratch().set(ValueLayout.JAVA_LONG, 8, c.domain().uuidLow());
        return c.copyOut(va, 16) ? 0 : -XenErrno.EFAULT;
    }
}
