package xenolith.vmm.image;

/// The features that a kernel says it copes with, and those it cannot run without (`xen/features.h`).
///
/// @param supported bits of XENFEAT numbers: named in the FEATURES note or set in SUPPORTED_FEATURES
/// @param required bits of XENFEAT numbers: named with "!" in the FEATURES note
public record XenFeatures(long supported, long required) {
    static final XenFeatures NONE = new XenFeatures(0, 0);

    /// XENFEAT names in the order of their numbers.
    private static final String[] NAMES = {
        "writable_page_tables", "writable_descriptor_tables", "auto_translated_physmap", "supervisor_mode_kernel",
        "pae_pgdir_above_4gb", "mmu_pt_update_preserve_ad", "highmem_assist", "gnttab_map_avail_bits",
        "hvm_callback_vector", "hvm_safe_pvclock", "hvm_pirqs", "dom0", "grant_map_identity",
        "memory_op_vnode_supported", "ARM_SMCCC_supported", "linux_rsdp_unrestricted", "not_direct_mapped",
        "direct_mapped",
    };
    /// What this hypervisor gives every domain: writes to page tables are emulated, an L3 may lie anywhere, A and D
    /// bits are preserved on request, the available bits of a grant mapping are the guest's.
    private static final long PROVIDED = 1L | 1L << 4 | 1L << 5 | 1L << 7;

    public boolean supports(int xenfeat) {
        return (supported >>> xenfeat & 1) != 0;
    }

    public boolean requires(int xenfeat) {
        return (required >>> xenfeat & 1) != 0;
    }

    /// Reads a FEATURES text: names joined by "|", a required one behind "!".
    ///
    /// An unknown name is passed over if the kernel merely supports it. Throws [BadKernelException] for a required
    /// feature that is unknown or that this hypervisor does not provide.
    static XenFeatures parse(String text) {
        XenFeatures features = NONE;
        for (String word : text.split("\\|", -1)) {
            features = features.with(word.strip());
        }
        return features;
    }

    /// Adds what the SUPPORTED_FEATURES note says.
    XenFeatures withSupported(long bits) {
        return new XenFeatures(supported | bits, required);
    }

    private XenFeatures with(String word) {
        boolean needed = word.startsWith("!");
        String name = needed ? word.substring(1) : word;
        int number = number(name);
        if (needed && (number < 0 || (PROVIDED >>> number & 1) == 0)) {
            throw new BadKernelException("this kernel requires the Xen feature \"" + XenNotes.printable(name)
                    + "\", which is not provided here: use another build of it");
        }
        long bit = number < 0 ? 0 : 1L << number;
        return new XenFeatures(supported | bit, needed ? required | bit : required);
    }

    private static int number(String name) {
        for (int i = 0; i < NAMES.length; i++) {
            if (NAMES[i].equals(name)) {
                return i;
            }
        }
        return -1;
    }
}
