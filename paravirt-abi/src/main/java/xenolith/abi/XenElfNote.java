package xenolith.abi;

/// Note types by which a kernel tells its builder what it needs, from xen/include/public/elfnote.h.
///
/// Numeric notes hold 4 or 8 bytes, the others a string with its zero. The older `__xen_guest` section says the same as
/// one text of `NAME=value` pairs.
public final class XenElfNote {
    public static final int XEN_ELFNOTE_INFO = 0;
    /// Virtual address of the first instruction, if not the ELF entry.
    public static final int XEN_ELFNOTE_ENTRY = 1;
    /// Virtual address of the page that receives hypercall stubs; absent where the guest executes `syscall` itself.
    public static final int XEN_ELFNOTE_HYPERCALL_PAGE = 2;
    /// Virtual address at which pfn 0 is mapped at start; default 0.
    public static final int XEN_ELFNOTE_VIRT_BASE = 3;
    /// Subtracted from `p_paddr` to get an offset into the virtual region; default 0.
    public static final int XEN_ELFNOTE_PADDR_OFFSET = 4;
    /// "xen-3.0".
    public static final int XEN_ELFNOTE_XEN_VERSION = 5;
    /// "linux", "netbsd" …
    public static final int XEN_ELFNOTE_GUEST_OS = 6;
    public static final int XEN_ELFNOTE_GUEST_VERSION = 7;
    /// "generic".
    public static final int XEN_ELFNOTE_LOADER = 8;
    /// "yes"; says nothing on x86-64.
    public static final int XEN_ELFNOTE_PAE_MODE = 9;
    /// Needed and supported features, names joined by "|"; "!" marks a needed one.
    public static final int XEN_ELFNOTE_FEATURES = 10;
    /// "yes": load the symbol table after the image.
    public static final int XEN_ELFNOTE_BSD_SYMTAB = 11;
    /// Lowest address the hypervisor may use; 32-bit guests.
    public static final int XEN_ELFNOTE_HV_START_LOW = 12;
    /// Pairs of mask and value: an L1 entry whose masked bits equal the value holds an mfn.
    public static final int XEN_ELFNOTE_L1_MFN_VALID = 13;
    /// 1: the suspend call may return 1, "cancelled".
    public static final int XEN_ELFNOTE_SUSPEND_CANCEL = 14;
    /// Virtual address for the initial phys-to-machine list, outside the initial mapping.
    public static final int XEN_ELFNOTE_INIT_P2M = 15;
    /// 1: `mod_start` may be a pfn and the module need not be mapped.
    public static final int XEN_ELFNOTE_MOD_START_PFN = 16;
    /// Bit map over XENFEAT numbers of what the guest can cope with.
    public static final int XEN_ELFNOTE_SUPPORTED_FEATURES = 17;
    /// PVH entry; not used here.
    public static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
    public static final int XEN_ELFNOTE_MAX = XEN_ELFNOTE_PHYS32_ENTRY;

    /// The name in the note's header that makes it one of these.
    public static final String OWNER = "Xen";

    private XenElfNote() {
    }

    /// The name without `XEN_ELFNOTE_`; for messages.
    public static String name(int type) {
        return switch (type) {
            case XEN_ELFNOTE_INFO -> "INFO";
            case XEN_ELFNOTE_ENTRY -> "ENTRY";
            case XEN_ELFNOTE_HYPERCALL_PAGE -> "HYPERCALL_PAGE";
            case XEN_ELFNOTE_VIRT_BASE -> "VIRT_BASE";
            case XEN_ELFNOTE_PADDR_OFFSET -> "PADDR_OFFSET";
            case XEN_ELFNOTE_XEN_VERSION -> "XEN_VERSION";
            case XEN_ELFNOTE_GUEST_OS -> "GUEST_OS";
            case XEN_ELFNOTE_GUEST_VERSION -> "GUEST_VERSION";
            case XEN_ELFNOTE_LOADER -> "LOADER";
            case XEN_ELFNOTE_PAE_MODE -> "PAE_MODE";
            case XEN_ELFNOTE_FEATURES -> "FEATURES";
            case XEN_ELFNOTE_BSD_SYMTAB -> "BSD_SYMTAB";
            case XEN_ELFNOTE_HV_START_LOW -> "HV_START_LOW";
            case XEN_ELFNOTE_L1_MFN_VALID -> "L1_MFN_VALID";
            case XEN_ELFNOTE_SUSPEND_CANCEL -> "SUSPEND_CANCEL";
            case XEN_ELFNOTE_INIT_P2M -> "INIT_P2M";
            case XEN_ELFNOTE_MOD_START_PFN -> "MOD_START_PFN";
            case XEN_ELFNOTE_SUPPORTED_FEATURES -> "SUPPORTED_FEATURES";
            case XEN_ELFNOTE_PHYS32_ENTRY -> "PHYS32_ENTRY";
            default -> "note " + Integer.toUnsignedString(type);
        };
    }
}
