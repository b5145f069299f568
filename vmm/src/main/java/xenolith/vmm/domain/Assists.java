package xenolith.vmm.domain;

import xenolith.abi.XenVmAssist;

/// Which behaviours a domain has asked for by `vm_assist`.
///
/// Lock: the domain's.
public final class Assists {
    private static final long KNOWN = bit(XenVmAssist.VMASST_TYPE_4GB_SEGMENTS)
            | bit(XenVmAssist.VMASST_TYPE_4GB_SEGMENTS_NOTIFY) | bit(XenVmAssist.VMASST_TYPE_WRITABLE_PAGETABLES)
            | bit(XenVmAssist.VMASST_TYPE_PAE_EXTENDED_CR3) | bit(XenVmAssist.VMASST_TYPE_ARCHITECTURAL_IOPL)
            | bit(XenVmAssist.VMASST_TYPE_RUNSTATE_UPDATE_FLAG) | bit(XenVmAssist.VMASST_TYPE_M2P_STRICT);

    private long on;

    /// Whether there is such a type. Those for 32-bit guests change nothing, nor does `m2p_strict`: user mode never sees
    /// the machine-to-phys array here.
    public static boolean isKnown(long type) {
        return type >= 0 && type < Long.SIZE && (KNOWN & bit((int) type)) != 0;
    }

    public void set(int type, boolean wanted) {
        on = wanted ? on | bit(type) : on & ~bit(type);
    }

    /// Whether stores to page tables are emulated.
    public boolean writablePageTables() {
        return (on & bit(XenVmAssist.VMASST_TYPE_WRITABLE_PAGETABLES)) != 0;
    }

    /// Whether the kernel is of ring 0, and its I/O privilege level stands in its saved flags.
    public boolean architecturalIopl() {
        return (on & bit(XenVmAssist.VMASST_TYPE_ARCHITECTURAL_IOPL)) != 0;
    }

    /// Whether a reader can see that a runstate area is being written.
    public boolean runstateUpdateFlag() {
        return (on & bit(XenVmAssist.VMASST_TYPE_RUNSTATE_UPDATE_FLAG)) != 0;
    }

    private static long bit(int type) {
        return 1L << type;
    }
}
