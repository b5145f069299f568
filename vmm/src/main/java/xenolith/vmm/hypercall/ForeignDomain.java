package xenolith.vmm.hypercall;

import xenolith.abi.DomId;
import xenolith.abi.XenErrno;
import xenolith.vmm.domain.Domain;

/// The `foreigndom` of `mmu_update` and `mmuext_op`, and the `domid` of `update_va_mapping_otherdomain`: whose frames
/// are meant. An unprivileged domain's are its own, as `DOMID_SELF`; under its own number it is no foreign domain.
final class ForeignDomain {
    private static final long MASK = 0xffff;
    private static final int TABLES_SHIFT = 16;
    private static final int DOMID_0 = 0;

    private ForeignDomain() {
    }

    /// The owner of frames, in the lower half: 0, -ESRCH if there is no such domain, -EPERM for others.
    static long check(long foreigndom) {
        long owner = foreigndom & MASK;
        return owner == DomId.DOMID_SELF ? 0 : refusal(owner);
    }

    /// Both halves: the upper one is the owner of the page tables and 1, or 0 for the caller.
    static long checkBoth(Domain domain, long foreigndom) {
        long tables = foreigndom >>> TABLES_SHIFT & MASK;
        if (tables != 0 && tables - 1 != domain.domid()) {
            return refusal(tables - 1);
        }
        return check(foreigndom);
    }

    private static long refusal(long domid) {
        return domid == DOMID_0 || domid == DomId.DOMID_IO || domid == DomId.DOMID_XEN ? -XenErrno.EPERM
                : -XenErrno.ESRCH;
    }
}
