package xenolith.abi;

/// Segment selectors and set_segment_base, from xen/include/public/arch-x86/xen-x86_64.h and arch-x86/xen.h.
///
/// The flat selectors stand in the reserved part of every guest's GDT and are live before the guest sets its own. All
/// have requested privilege level 3.
public final class XenSegment {
    public static final int SEGBASE_FS = 0;
    /// GS base of guest user mode, active after the next iret to it.
    public static final int SEGBASE_GS_USER = 1;
    /// GS base of guest kernel mode, active at once.
    public static final int SEGBASE_GS_KERNEL = 2;
    /// Loads a selector, not a base, into guest user GS.
    public static final int SEGBASE_GS_USER_SEL = 3;

    /// 32-bit code.
    public static final int FLAT_RING3_CS32 = 0xe023;
    /// 64-bit code.
    public static final int FLAT_RING3_CS64 = 0xe033;
    /// Flat data.
    public static final int FLAT_RING3_DS32 = 0xe02b;
    /// Null: 64-bit mode needs no data segment.
    public static final int FLAT_RING3_DS64 = 0x0000;
    public static final int FLAT_RING3_SS32 = 0xe02b;
    public static final int FLAT_RING3_SS64 = 0xe02b;

    /// Guest kernel and guest user share one code segment: both run at CPL 3.
    public static final int FLAT_KERNEL_CS = 0xe033;
    public static final int FLAT_KERNEL_SS = 0xe02b;
    public static final int FLAT_KERNEL_DS = 0x0000;
    public static final int FLAT_USER_CS = 0xe033;
    public static final int FLAT_USER_SS = 0xe02b;
    public static final int FLAT_USER_DS = 0x0000;

    /// The guest may put its own descriptors into the pages before this one.
    public static final int FIRST_RESERVED_GDT_PAGE = 14;
    public static final int FIRST_RESERVED_GDT_BYTE = FIRST_RESERVED_GDT_PAGE * 4096;
    /// Limit of set_gdt: entries from here on are the hypervisor's.
    public static final int FIRST_RESERVED_GDT_ENTRY = FIRST_RESERVED_GDT_BYTE / 8;

    private XenSegment() {
    }
}
