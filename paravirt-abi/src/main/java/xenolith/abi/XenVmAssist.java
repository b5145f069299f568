package xenolith.abi;

/// Commands and types of the vm_assist hypercall, from xen/include/public/xen.h.
///
/// Each type switches one behaviour of the hypervisor for the whole domain. An unknown type is -EINVAL.
public final class XenVmAssist {
    public static final int VMASST_CMD_ENABLE = 0;
    public static final int VMASST_CMD_DISABLE = 1;

    /// 32-bit guests only.
    public static final int VMASST_TYPE_4GB_SEGMENTS = 0;
    /// 32-bit guests only.
    public static final int VMASST_TYPE_4GB_SEGMENTS_NOTIFY = 1;
    /// Writes to read-only L1 tables trap and are emulated. Linux depends on it.
    public static final int VMASST_TYPE_WRITABLE_PAGETABLES = 2;
    /// 32-bit guests only.
    public static final int VMASST_TYPE_PAE_EXTENDED_CR3 = 3;
    /// The guest sees its virtual IOPL in the saved flags instead of zero.
    public static final int VMASST_TYPE_ARCHITECTURAL_IOPL = 4;
    /// The runstate area is updated under [XenVcpu.RunstateInfo#XEN_RUNSTATE_UPDATE].
    public static final int VMASST_TYPE_RUNSTATE_UPDATE_FLAG = 5;
    /// The machine-to-phys array is hidden from guest user mode.
    public static final int VMASST_TYPE_M2P_STRICT = 32;

    private XenVmAssist() {
    }
}
