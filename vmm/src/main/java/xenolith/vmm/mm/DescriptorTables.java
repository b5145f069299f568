package xenolith.vmm.mm;

import static xenolith.vmm.mm.PteBits.ENTRIES;
import static xenolith.vmm.mm.PteBits.ENTRY_SHIFT;

import xenolith.vmm.guest.MachineMemory;

/// What a guest may put into its GDT and LDT: 8-byte segment descriptors (AMD64 manual volume 2, 4.7–4.8).
///
/// The guest kernel runs in ring 3, so its segments must be ring 3's. As Xen, we correct the DPL in place instead of
/// refusing. A call gate gets DPL 0, and its selector the ring that the guest may use it from: whoever uses it gets a
/// general-protection fault, which a 64-bit guest of Xen handles by itself, and so does ours. Its selector must be one
/// that a guest may load. Every other system descriptor (task gates, an LDT or TSS of the guest's making) is refused.
/// Bases and limits need no check in 64-bit mode: paging protects us.
public final class DescriptorTables {
    /// The guest's part of the GDT, in frames and in entries; what follows is the hypervisor's.
    public static final int GDT_FRAMES = 14;
    public static final int GDT_ENTRIES = GDT_FRAMES * ENTRIES;

    private static final long DESCRIPTOR_PRESENT = 1L << 47;
    private static final long CODE_OR_DATA = 1L << 44;
    private static final long DPL_3 = 3L << 45;
    private static final long TYPE = 0xFL << 40;
    private static final long CALL_GATE = 0xCL << 40;
    /// Bits 32–39 of a gate: the interrupt stack of other gates, and reserved in a call gate.
    private static final long GATE_RESERVED = 0xFFL << 32;
    private static final int SELECTOR_SHIFT = 16;
    private static final int SELECTOR_LDT = 4;
    /// `FLAT_KERNEL_CS`, the one reserved selector that a gate may name.
    private static final int FLAT_KERNEL_CS = 0xE033;

    private DescriptorTables() {}

    /// Whether a guest may have this descriptor, as [#adjusted] stores it. Descriptors that are not present are free,
    /// and so is type 0, which the processor refuses to load; the second half of a call gate is such a one.
    public static boolean isAcceptable(long descriptor) {
        return (descriptor & DESCRIPTOR_PRESENT) == 0 || (descriptor & CODE_OR_DATA) != 0 || (descriptor & TYPE) == 0
                || isCallGate(descriptor) && (descriptor & GATE_RESERVED) == 0
                        && mayBeGateTarget((int) (descriptor >>> SELECTOR_SHIFT) & 0xFFFF);
    }

    /// The descriptor to store for an acceptable one: code and data segments get DPL 3, call gates DPL 0.
    public static long adjusted(long descriptor) {
        if ((descriptor & DESCRIPTOR_PRESENT) == 0) {
            return descriptor;
        }
        if ((descriptor & CODE_OR_DATA) != 0) {
            return descriptor | DPL_3;
        }
        return isCallGate(descriptor) ? descriptor & ~DPL_3 | 3L << SELECTOR_SHIFT : descriptor;
    }

    private static boolean isCallGate(long descriptor) {
        return (descriptor & TYPE) == CALL_GATE;
    }

    private static boolean mayBeGateTarget(int selector) {
        return (selector & SELECTOR_LDT) != 0 || selector >>> 3 < GDT_ENTRIES || selector == FLAT_KERNEL_CS;
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
