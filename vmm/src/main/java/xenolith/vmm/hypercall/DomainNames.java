package xenolith.vmm.hypercall;

import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.vmm.domain.Domain;

/// Whom a guest names by a `domid_t`.
final class DomainNames {
    /// The control domain, which is this process.
    private static final int CONTROL = 0;

    private DomainNames() {
    }

    static boolean isSelf(Domain domain, int domid) {
        return domid == DomId.DOMID_SELF || domid == domain.domid();
    }

    /// For what only the control domain may do, to any domain: its errno to this one, which depends on whether there is
    /// a domain `domid`. [xenolith.abi.DomId#DOMID_SELF] is none.
    static long checkControl(Domain domain, int domid) {
        return domid == CONTROL || domid == domain.domid() ? -XenErrno.EPERM : -XenErrno.ESRCH;
    }

    static boolean exists(Domain domain, int domid) {
        return domid == CONTROL || isSelf(domain, domid);
    }

    /// 0 for the domain itself. Others cannot be touched by a guest; those that it cannot even see do not exist.
    static long checkSelf(Domain domain, int domid) {
        if (isSelf(domain, domid)) {
            return 0;
        }
        return domid == CONTROL ? -XenErrno.EPERM : -XenErrno.ESRCH;
    }
}
