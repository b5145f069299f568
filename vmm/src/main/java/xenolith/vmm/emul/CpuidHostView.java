package xenolith.vmm.emul;

/// The host's CPUID with what several leaves of the policy turn on.
final class CpuidHostView {
    private static final int AMD_EBX = 0x68747541; // "Auth"
    private static final int HYGON_EBX = 0x6f677948; // "Hygo"
    private static final int XCR0_SSE = 3;
    /// The x87, SSE and AVX bits of XCR0.
    private static final int XCR0_AVX = 7;
    /// The mask registers and both halves of the 512-bit registers.
    private static final int XCR0_AVX512 = 0xe0;
    private static final int LAST_AVX512 = 7;

    private final HostCpuid host;
    private final int[] out = new int[4];
    private final int maxBasic;
    private final int maxExtended;
    private final boolean amd;
    private final boolean xsave;
    private final boolean avx;
    private final boolean avx512;

    CpuidHostView(HostCpuid host) {
        this.host = host;
        host.cpuid(0, 0, out);
        maxBasic = out[0];
        amd = out[1] == AMD_EBX || out[1] == HYGON_EBX;
        host.cpuid(0x80000000, 0, out);
        maxExtended = out[0];
        xsave = (ecx(1, 0) & CpuidMasks.XSAVE_1C) != 0;
        avx = xsave && (ecx(1, 0) & CpuidMasks.AVX_1C) != 0 && (eax(0xd, 0) & XCR0_AVX) == XCR0_AVX;
        // EBX is the size for what the host's kernel has enabled, EAX is all that the processor knows.
        avx512 = avx && (ebx(7, 0) & CpuidMasks.AVX512F_7B) != 0 && (eax(0xd, 0) & XCR0_AVX512) == XCR0_AVX512
                && ebx(0xd, 0) >= ebx(0xd, LAST_AVX512) + eax(0xd, LAST_AVX512);
    }

    /// Whether the processor is AMD's or Hygon's. All others are treated as Intel's.
    boolean isAmd() {
        return amd;
    }

    boolean hasXsave() {
        return xsave;
    }

    boolean hasAvx() {
        return avx;
    }

    boolean hasAvx512() {
        return avx512;
    }

    /// What of XCR0 the guest is offered: at least x87 and SSE.
    int xcr0() {
        return avx512 ? XCR0_AVX | XCR0_AVX512 : avx ? XCR0_AVX : XCR0_SSE;
    }

    boolean hasInvariantTsc() {
        return (edx(0x80000007, 0) & CpuidMasks.ALLOWED_E7D) != 0;
    }

    boolean hasRdtscp() {
        return (edx(0x80000001, 0) & CpuidMasks.RDTSCP_E1D) != 0;
    }

    /// The highest basic leaf, as an unsigned number.
    int maxBasic() {
        return maxBasic;
    }

    int maxExtended() {
        return maxExtended;
    }

    int eax(int leaf, int subleaf) {
        return read(leaf, subleaf, 0);
    }

    int ebx(int leaf, int subleaf) {
        return read(leaf, subleaf, 1);
    }

    int ecx(int leaf, int subleaf) {
        return read(leaf, subleaf, 2);
    }

    int edx(int leaf, int subleaf) {
        return read(leaf, subleaf, 3);
    }

    /// Beyond the processor's last leaf: zeros, where the instruction itself might repeat another leaf.
    private int read(int leaf, int subleaf, int register) {
        int max = leaf < 0 ? maxExtended : maxBasic;
        if (Integer.compareUnsigned(leaf, max) > 0) {
            return 0;
        }
        host.cpuid(leaf, subleaf, out);
        return out[register];
    }
}
