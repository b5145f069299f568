package xenolith.vmm.emul;

/// Which features a PV guest may see: lists of what is let through, so that a feature of a later processor stays hidden
/// until someone has thought about it. Bit numbers and names are those of Xen's `arch-x86/cpufeatureset.h`, and the
/// lists are its class "A" but for the features named below.
///
/// Hidden beyond Xen's own PV rules: AMX, MPX and PKU, whose registers our XCR0 of x87, SSE, AVX and AVX-512 cannot
/// hold; machine-check, thermal and data-breakpoint extensions and SPEC_CTRL, whose MSRs are not emulated; TSX.
///
/// AVX-512 must be shown where the processor has it: on hosts that do not intercept CPUID and keep their own XCR0 at
/// ring 3, programs use its registers whatever we say, and a kernel that does not know of them does not save them.
final class CpuidMasks {
    // Leaf 1.
    static final int XSAVE_1C = 1 << 26;
    static final int OSXSAVE_1C = 1 << 27;
    static final int AVX_1C = 1 << 28;
    static final int HYPERVISOR_1C = 1 << 31;
    static final int HTT_1D = 1 << 28;
    /// FMA, AVX, F16C: what needs the upper halves of the vector registers.
    static final int NEEDS_AVX_1C = bits(12, 28, 29);
    /// SSE3, PCLMULQDQ, SSSE3, FMA, CX16, SSE4.1, SSE4.2, MOVBE, POPCNT, AESNI, XSAVE, AVX, F16C, RDRAND.
    static final int ALLOWED_1C = bits(0, 1, 9, 12, 13, 19, 20, 22, 23, 25, 26, 28, 29, 30);
    /// FPU, DE, TSC, MSR, PAE, CX8, APIC, SEP, CMOV, PAT, CLFLUSH, MMX, FXSR, SSE, SSE2, SS.
    static final int ALLOWED_1D = bits(0, 2, 4, 5, 6, 8, 9, 11, 15, 16, 19, 23, 24, 25, 26, 27);

    // Leaf 7.
    /// FSGSBASE, BMI1, AVX2, FDP_EXCP_ONLY, BMI2, ERMS, NO_FPU_SEL, RDSEED, ADX, CLFLUSHOPT, CLWB, SHA; AVX512F, DQ,
    /// IFMA, CD, BW, VL.
    static final int ALLOWED_7B = bits(0, 3, 5, 6, 8, 9, 13, 16, 17, 18, 19, 21, 23, 24, 28, 29, 30, 31);
    static final int AVX512F_7B = 1 << 16;
    static final int NEEDS_AVX512_7B = bits(16, 17, 21, 28, 30, 31);
    static final int NEEDS_AVX_7B = bits(5);
    /// GFNI, VAES, VPCLMULQDQ, RDPID; AVX512_VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ.
    static final int ALLOWED_7C = bits(1, 6, 8, 9, 10, 11, 12, 14, 22);
    static final int NEEDS_AVX512_7C = bits(1, 6, 11, 12, 14);
    static final int NEEDS_AVX_7C = bits(9, 10);
    /// FSRM, MD_CLEAR, SERIALIZE; AVX512_4VNNIW, 4FMAPS, VP2INTERSECT, FP16.
    static final int ALLOWED_7D = bits(2, 3, 4, 8, 10, 14, 23);
    static final int NEEDS_AVX512_7D = bits(2, 3, 8, 23);
    /// Sub-leaf 1: AVX_VNNI, AVX512_BF16, FZRM, FSRS, FSRCS.
    static final int ALLOWED_7_1A = bits(4, 5, 10, 11, 12);
    static final int NEEDS_AVX512_7_1A = bits(5);
    static final int NEEDS_AVX_7_1A = bits(4);

    /// Leaf 0xD sub-leaf 1: XSAVEOPT, XSAVEC, XGETBV with ECX 1. Not XSAVES: it is of ring 0.
    static final int ALLOWED_D_1A = bits(0, 1, 2);

    // Leaf 0x80000001.
    static final int CMP_LEGACY_E1C = 1 << 1;
    static final int RDTSCP_E1D = 1 << 27;
    /// LAHF_LM, ABM, SSE4A, MISALIGNSSE, 3DNOWPREFETCH, XOP, FMA4, TBM.
    static final int ALLOWED_E1C = bits(0, 5, 6, 7, 8, 11, 16, 21);
    static final int NEEDS_AVX_E1C = bits(11, 16);
    /// SYSCALL, NX, MMXEXT, FFXSR, RDTSCP, LM, 3DNOWEXT, 3DNOW.
    static final int ALLOWED_E1D = bits(11, 20, 22, 25, 27, 29, 30, 31);
    /// Bits in which AMD repeats leaf 1's EDX.
    static final int COMMON_E1D = bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 23, 24);

    // Later extended leaves.
    /// Leaf 0x80000007: ITSC.
    static final int ALLOWED_E7D = bits(8);
    /// Leaf 0x80000008: CLZERO, RSTR_FP_ERR_PTRS, SSB_NO, BTC_NO.
    static final int ALLOWED_E8B = bits(0, 2, 26, 29);
    /// Leaf 0x8000001A: FP128, MOVU, FP256.
    static final int ALLOWED_E1AA = bits(0, 1, 2);
    /// Leaf 0x80000021: LFENCE_DISPATCH, VERW_CLEAR, NSCB, SRSO_NO.
    static final int ALLOWED_E21A = bits(2, 5, 6, 29);

    private CpuidMasks() {}

    private static int bits(int... numbers) {
        int mask = 0;
        for (int number : numbers) {
            mask |= 1 << number;
        }
        return mask;
    }
}
