package xenolith.vmm.emul;

/// The leaves by which a guest recognises Xen (`arch-x86/cpuid.h`), from 0x40000000 on. They stand where KVM would put
/// its own, so that no guest takes the machine for KVM.
final class XenCpuidLeaves {
    static final int FIRST = 0x40000000;
    static final int LAST = FIRST + 5;

    // "XenVMMXenVMM"
    private static final int SIGNATURE_EBX = 0x566e6558;
    private static final int SIGNATURE_ECX = 0x65584d4d;
    private static final int SIGNATURE_EDX = 0x4d4d566e;

    /// Xen 4.17, as XENVER_version also answers.
    private static final int VERSION = 4 << 16 | 17;
    private static final int HYPERCALL_PAGES = 1;
    private static final int HYPERCALL_MSR = 0x40000000;
    private static final int FEATURE_MMU_PT_UPDATE_PRESERVE_AD = 1;
    private static final int TSC_HOST_RELIABLE = 1 << 1;
    private static final int TSC_RDTSCP = 1 << 2;
    /// The guest reads the processor's counter; Linux then prefers it to the paravirtual clock.
    private static final int TSC_MODE_NEVER_EMULATE = 2;

    private XenCpuidLeaves() {}

    static void add(CpuidEntries out, CpuidPolicy.Guest guest, boolean reliableTsc, boolean rdtscp) {
        out.leaf(FIRST, LAST, SIGNATURE_EBX, SIGNATURE_ECX, SIGNATURE_EDX);
        out.leaf(FIRST + 1, VERSION, 0, 0, 0);
        out.leaf(FIRST + 2, HYPERCALL_PAGES, HYPERCALL_MSR, FEATURE_MMU_PT_UPDATE_PRESERVE_AD, 0);
        addTsc(out, guest.tscKhz(), reliableTsc, rdtscp);
        out.leaf(FIRST + 4, 0, 0, 0, 0); // HVM guests only
        out.leaf(LAST, 0, guest.machineAddressWidth() & 0xff, 0, 0);
    }

    private static void addTsc(CpuidEntries out, long tscKhz, boolean reliableTsc, boolean rdtscp) {
        int flags = (reliableTsc ? TSC_HOST_RELIABLE : 0) | (rdtscp ? TSC_RDTSCP : 0);
        out.subleaf(FIRST + 3, 0, flags, TSC_MODE_NEVER_EMULATE, (int) tscKhz, 0);
        int shift = scaleShift(tscKhz);
        out.subleaf(FIRST + 3, 1, 0, 0, scaleMultiplier(tscKhz, shift), shift);
        out.subleaf(FIRST + 3, 2, (int) tscKhz, 0, 0, 0);
    }

    /// How far to shift a count of ticks left (right if negative) before multiplying, so that the frequency lies within
    /// 1 to 2 GHz and the multiplier uses all its 32 bits.
    static int scaleShift(long tscKhz) {
        int shift = 0;
        long scaled = tscKhz;
        while (scaled > 2_000_000) {
            scaled >>= 1;
            shift--;
        }
        while (scaled <= 1_000_000 && shift < 31) {
            scaled <<= 1;
            shift++;
        }
        return shift;
    }

    /// The multiplier for which `(ticks << shift) * multiplier >> 32` is nanoseconds, as in `struct vcpu_time_info`.
    static int scaleMultiplier(long tscKhz, int shift) {
        long scaledHz = shift < 0 ? tscKhz * 1000 >> -shift : tscKhz * 1000 << shift;
        return (int) Long.divideUnsigned(1_000_000_000L << 32, Math.max(1, scaledHz));
    }
}
