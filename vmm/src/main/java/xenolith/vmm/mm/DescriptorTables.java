package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ENTRIES;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;

import xenolith.vmm.guest.MachineMemory;

/// What a guest may put into its GDT and LDT: 8-byte segment descriptors (AMD64 manual volume 2, 4.7–4.8).
///
/// The guest kernel runs in ring 3, so its segments must be ring 3's. As Xen, we correct the DPL in place instead of
/// refusing. System descriptors would give it task gates, LDTs of its own making and call gates into ring 0; all are
/// refused. (Xen emulates call gates; no guest of interest makes one.) Bases and limits need no check in 64-bit mode:
/// paging protects us.
public final class DescriptorTables {
    /// The guest's part of the GDT, in frames and in entries; what follows is the hypervisor's.
    public static final int GDT_FRAMES = 14;
    public static final int GDT_ENTRIES = GDT_FRAMES * ENTRIES;

    private static final long DESCRIPTOR_PRESENT = 1L << 47;
    private static final long CODE_OR_DATA = 1L << 44;
    private static final long DPL_3 = 3L << 45;
    private static final long TYPE = 0xFL << 40;

    private DescriptorTables() {}

    /// Whether a guest may have this descriptor, as [#adjusted] stores it. Descriptors that are not present are free,
    /// and so is type 0, which the processor refuses to load.
    public static boolean isAcceptable(long descriptor) {
        return (descriptor & DESCRIPTOR_PRESENT) == 0 || (descriptor & CODE_OR_DATA) != 0 || (descriptor & TYPE) == 0;
    }

    /// The descriptor to store for an acceptable one: code and data segments get DPL 3.
    public static long adjusted(long descriptor) {
        return (descriptor & DESCRIPTOR_PRESENT) != 0 && (descriptor & CODE_OR_DATA) != 0
                ? descriptor | DPL_3 : descriptor;
    }

    /// Checks the 512 descriptors of a frame, correcting each in place. On refusal those before the bad one stay
    /// corrected, as entries of a refused page table do.
    static boolean validateFrame(MachineMemory memory, long mfn) {
        long frameMa = mfn << MachineMemory.PAGE_SHIFT;
        for (int slot = 0; slot < ENTRIES; slot++) {
            long descriptorMa = frameMa + ((long) slot << ENTRY_SHIFT);
            long descriptor = memory.readWord(descriptorMa);
            if (!isAcceptable(descriptor)) {
                return false;
            }
            memory.writeWord(descriptorMa, adjusted(descriptor));
        }
        return true;
    }
}
