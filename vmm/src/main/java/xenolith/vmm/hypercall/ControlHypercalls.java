package xenolith.vmm.hypercall;

import java.lang.foreign.ValueLayout;
import xenolith.abi.XenErrno;

/// What only the control domain and device models may ask: `platform_op` (`xen/platform.h`), `sysctl`, `domctl` and
/// `dm_op`. Every sub-operation is refused, with the errno that Xen gives to an unprivileged domain: Xen reads the
/// structure and compares its version first.
final class ControlHypercalls {
    private static final int SYSCTL_VERSION = 0x15;
    private static final int DOMCTL_VERSION = 0x15;
    private static final int PLATFORM_VERSION = 0x0300_0001;
    /// The command's size and that of the structures behind it.
    private static final long SYSCTL_BYTES = 136;
    private static final long DOMCTL_BYTES = 144;
    private static final long PLATFORM_BYTES = 136;
    /// Where the two calls with a command say which version of the interface they mean; the third begins with a
    /// command too.
    private static final long VERSION_OFFSET = 4;
    private static final int MAX_DM_BUFFERS = 3;
    private static final long DM_BUFFER_BYTES = 16;
    private static final int CONTROL = 0;

    long platformOp(CallContext c, long arg) {
        return refuse(c, arg, PLATFORM_BYTES, PLATFORM_VERSION);
    }

    long sysctl(CallContext c, long arg) {
        return refuse(c, arg, SYSCTL_BYTES, SYSCTL_VERSION);
    }

    long domctl(CallContext c, long arg) {
        return refuse(c, arg, DOMCTL_BYTES, DOMCTL_VERSION);
    }

    private static long refuse(CallContext c, long arg, long byteLength, int version) {
        if (!c.copyIn(arg, byteLength)) {
            return -XenErrno.EFAULT;
        }
        return c.scratch().get(ValueLayout.JAVA_INT, VERSION_OFFSET) == version ? -XenErrno.EPERM : -XenErrno.EACCES;
    }

    /// A domain has no device model for itself, and the control domain is no HVM domain.
    long dmOp(CallContext c, long domid, long count, long buffers) {
        if (Integer.compareUnsigned((int) count, MAX_DM_BUFFERS) > 0) {
            return -XenErrno.E2BIG;
        }
        if (!c.copyIn(buffers, (int) count * DM_BUFFER_BYTES)) {
            return -XenErrno.EFAULT;
        }
        int target = (int) domid & 0xffff;
        return target == CONTROL ? -XenErrno.EINVAL : DomainNames.checkControl(c.domain(), target);
    }
}
