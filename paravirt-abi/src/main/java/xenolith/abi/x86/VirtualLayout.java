package xenolith.abi.x86;

/// How a 64-bit paravirtual guest's address space is split, from xen/include/public/arch-x86/xen-x86_64.h.
///
/// The L4 slots from [#HYPERVISOR_FIRST_SLOT] to [#HYPERVISOR_LAST_SLOT] are the hypervisor's: a guest may neither
/// write them nor count on what is there, except the machine-to-phys array at the start.
public final class VirtualLayout {
    public static final int PAGE_SHIFT = 12;
    public static final int PAGE_SIZE = 1 << PAGE_SHIFT;
    public static final long PAGE_MASK = -1L << PAGE_SHIFT;
    /// Address bits that one level of tables resolves.
    public static final int TABLE_BITS = 9;

    public static final int HYPERVISOR_FIRST_SLOT = 256;
    public static final int HYPERVISOR_LAST_SLOT = 271;

    /// First address of the hypervisor's part.
    public static final long HYPERVISOR_VIRT_START = 0xFFFF_8000_0000_0000L;
    /// One past its last address.
    public static final long HYPERVISOR_VIRT_END = 0xFFFF_8800_0000_0000L;
    /// Where guests that do not ask look for the machine-to-phys array.
    public static final long MACH2PHYS_VIRT_START = 0xFFFF_8000_0000_0000L;
    public static final long MACH2PHYS_VIRT_END = 0xFFFF_8040_0000_0000L;
    public static final long MACH2PHYS_NR_ENTRIES = (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3;

    private VirtualLayout() {
    }

    /// Whether bits 47 to 63 are all equal; other addresses fault in the processor, or worse, in our hands.
    public static boolean isCanonical(long va) {
        return va << 16 >> 16 == va;
    }

    public static boolean isHypervisorSlot(int l4Slot) {
        return l4Slot >= HYPERVISOR_FIRST_SLOT && l4Slot <= HYPERVISOR_LAST_SLOT;
    }

    /// Whether `va` is canonical and outside the hypervisor's part.
    public static boolean isGuestAddress(long va) {
        return isCanonical(va) && !isHypervisorSlot(l4Slot(va));
    }

    /// Whether all of `[va, va + byteLength)` is canonical and outside the hypervisor's part, without wrapping.
    ///
    /// The hypervisor's part begins the upper half, so a range whose ends are the guest's and in one half avoids it.
    public static boolean isGuestRange(long va, long byteLength) {
        if (byteLength <= 0) {
            return byteLength == 0;
        }
        long last = va + byteLength - 1;
        boolean sameHalf = va < 0 == last < 0;
        return sameHalf && va <= last && isGuestAddress(va) && isGuestAddress(last);
    }

    public static int l1Slot(long va) {
        return slot(va, 1);
    }

    public static int l2Slot(long va) {
        return slot(va, 2);
    }

    public static int l3Slot(long va) {
        return slot(va, 3);
    }

    public static int l4Slot(long va) {
        return slot(va, 4);
    }

    /// The index of `va` in a table of `level`, 1 to 4.
    public static int slot(long va, int level) {
        return (int) (va >>> PAGE_SHIFT + (level - 1) * TABLE_BITS) & Pte.ENTRIES - 1;
    }

    /// Bytes that one entry of a table of `level` covers.
    public static long entrySpan(int level) {
        return 1L << PAGE_SHIFT + (level - 1) * TABLE_BITS;
    }

    /// The first address below an L4 slot, in canonical form.
    public static long l4SlotStart(int l4Slot) {
        return (long) l4Slot << 39 << 16 >> 16;
    }

    /// Offset within the page.
    public static int pageOffset(long va) {
        return (int) va & PAGE_SIZE - 1;
    }
}
