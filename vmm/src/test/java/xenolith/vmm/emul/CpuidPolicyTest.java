package xenolith.vmm.emul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/// What every guest sees, whatever the host is.
class CpuidPolicyTest {
    private static final int AMD_EBX = 0x68747541;
    private static final int INTEL_EBX = 0x756e6547;
    private static final CpuidPolicy.Guest ONE = new CpuidPolicy.Guest(1, 0, 2_600_000, 46);

    private final int[] out = new int[4];

    /// A host that has everything, under the name that begins with `vendorEbx`.
    private static HostCpuid full(int vendorEbx) {
        return (leaf, subleaf, out) -> {
            Arrays.fill(out, -1);
            if (leaf == 0) {
                out[0] = 0x20;
                out[1] = vendorEbx;
            } else if (leaf == 0x80000000) {
                out[0] = 0x80000028;
            } else if (leaf == 4) {
                out[0] = subleaf < 4 ? 0xfc000000 | (subleaf < 2 ? 1 : subleaf) << 5 | 0x3ffc000 | 1 : 0;
            } else if (leaf == 0x80000008) {
                out[0] = 0x3934;
            } else if (leaf == 0xd && subleaf >= 2) {
                xsaveComponent(subleaf, out);
            }
        };
    }

    /// As processors with AVX-512 have them: AVX, the mask registers and both halves of the wide ones.
    private static void xsaveComponent(int number, int[] out) {
        Arrays.fill(out, 0);
        switch (number) {
            case 2 -> size(out, 0x100, 0x240);
            case 5 -> size(out, 0x40, 0x440);
            case 6 -> size(out, 0x200, 0x480);
            case 7 -> size(out, 0x400, 0x680);
            default -> { }
        }
    }

    private static void size(int[] out, int bytes, int offset) {
        out[0] = bytes;
        out[1] = offset;
    }

    /// [#full] with a kernel that has enabled registers up to `areaBytes` of the XSAVE area.
    private static HostCpuid enabling(int areaBytes) {
        HostCpuid host = full(AMD_EBX);
        return (leaf, subleaf, out) -> {
            host.cpuid(leaf, subleaf, out);
            if (leaf == 0xd && subleaf == 0) {
                out[1] = areaBytes;
            }
        };
    }

    /// Arbitrary answers, the same each time.
    private static HostCpuid random(long seed, int vendorEbx) {
        return (leaf, subleaf, out) -> {
            Random random = new Random(seed ^ (long) leaf << 20 ^ subleaf);
            for (int i = 0; i < 4; i++) {
                out[i] = random.nextInt();
            }
            if (leaf == 0) {
                out[1] = vendorEbx;
            }
        };
    }

    @Property(tries = 500)
    void hiddenFeaturesAreHiddenWhateverTheHostSays(@ForAll long seed, @ForAll boolean amd) {
        assertHidden(random(seed, amd ? AMD_EBX : INTEL_EBX));
    }

    @Test
    void hiddenFeaturesAreHiddenFromAHostThatHasThemAll() {
        assertHidden(full(AMD_EBX));
        assertHidden(full(INTEL_EBX));
    }

    private void assertHidden(HostCpuid host) {
        CpuidPolicy policy = CpuidPolicy.build(host, ONE);
        // MONITOR, VMX, SMX, PDCM, PCID, X2APIC, TSC_DEADLINE
        assertClear(policy, 1, 0, 2, 3, 5, 6, 15, 17, 21, 24);
        // VME, PSE, MCE, MTRR, PGE, MCA, PSE36, DS, ACPI, HTT, TM
        assertClear(policy, 1, 0, 3, 1, 3, 7, 12, 13, 14, 17, 21, 22, 28, 29);
        // TSC_ADJUST, SGX, HLE, SMEP, INVPCID, RTM, PQM, MPX, PQE, SMAP, PROC_TRACE, AVX512PF, AVX512ER
        assertClear(policy, 7, 0, 1, 1, 2, 4, 7, 10, 11, 12, 14, 15, 20, 25, 26, 27);
        // UMIP, PKU, OSPKE, WAITPKG, CET_SS, LA57, ENQCMD, PKS
        assertClear(policy, 7, 0, 2, 2, 3, 4, 5, 7, 16, 29, 31);
        // UINTR, HYBRID, PCONFIG, CET_IBT, AMX, SPEC_CTRL and its like
        assertClear(policy, 7, 0, 3, 5, 15, 18, 20, 22, 24, 25, 26, 27, 28, 29, 30, 31);
        // FRED, LKGS
        assertClear(policy, 7, 1, 0, 17, 18);
        // XSAVES, XFD
        assertClear(policy, 0xd, 1, 0, 3, 4);
        // SVM, EXTAPIC, CR8_LEGACY, IBS, SKINIT, LWP, NODEID, TOPOEXT, DBEXT, MONITORX
        assertClear(policy, 0x80000001, 0, 2, 2, 3, 4, 10, 12, 15, 19, 22, 26, 29);
        // PSE, MTRR, PGE, PSE36, PAGE1GB
        assertClear(policy, 0x80000001, 0, 3, 3, 12, 13, 17, 26);
        for (int leaf : new int[] {3, 5, 6, 9, 0xa, 0xf, 0x10, 0x12, 0x14, 0x1d, 0x40000100, 0x8000000a, 0x8000001b,
            0x8000001d, 0x8000001f}) {
            policy.lookup(leaf, 0, out);
            assertThat(out).as("0x%x", leaf).containsOnly(0);
        }
    }

    @Property(tries = 300)
    void noBasicLeafPastXsaveIsPromisedOrGiven(@ForAll long seed, @ForAll boolean amd) {
        CpuidPolicy policy = CpuidPolicy.build(random(seed, amd ? AMD_EBX : INTEL_EBX), ONE);
        policy.lookup(0, 0, out);
        assertThat(out[0]).isBetween(0, 0xd);
        for (int i = 0; i < policy.size(); i++) {
            boolean basic = policy.function(i) >= 0 && policy.function(i) < 0x40000000;
            assertThat(basic && policy.function(i) > 0xd).as("0x%x", policy.function(i)).isFalse();
        }
    }

    @Test
    void whatAPvGuestMayUseIsThere() {
        CpuidPolicy policy = CpuidPolicy.build(full(AMD_EBX), ONE);
        // SSE3, XSAVE, OSXSAVE, AVX, HYPERVISOR
        assertSet(policy, 1, 0, 2, 0, 26, 27, 28, 31);
        // FPU, APIC, SEP, PAT
        assertSet(policy, 1, 0, 3, 0, 9, 11, 16);
        // FSGSBASE, AVX2
        assertSet(policy, 7, 0, 1, 0, 5);
        // SYSCALL, NX, RDTSCP, LM, and FPU repeated
        assertSet(policy, 0x80000001, 0, 3, 0, 11, 20, 27, 29);
        // ITSC
        assertSet(policy, 0x80000007, 0, 3, 8);
    }

    @Test
    void intelDoesNotRepeatTheFeaturesOfLeafOne() {
        CpuidPolicy policy = CpuidPolicy.build(full(INTEL_EBX), ONE);
        assertClear(policy, 0x80000001, 0, 3, 0, 2, 4, 5, 6, 8, 9);
    }

    /// A host's programs may use all that its kernel has enabled, hidden by CPUID or not: the guest must save it.
    @Test
    void registersThatTheHostHasEnabledAreTheGuestsToSave() {
        CpuidPolicy policy = CpuidPolicy.build(enabling(0xa80), ONE);
        assertThat(policy.xcr0()).isEqualTo(0xe7);
        assertLeaf(policy, 0xd, 0, 0xe7, 0xa80, 0xa80, 0);
        assertLeaf(policy, 0xd, 1, 7, 0x240 + 0x100 + 0x40 + 0x200 + 0x400, 0, 0);
        assertLeaf(policy, 0xd, 2, 0x100, 0x240, 0, 0);
        assertLeaf(policy, 0xd, 7, 0x400, 0x680, 0, 0);
        // AVX512F, DQ, IFMA, CD, BW, VL
        assertSet(policy, 7, 0, 1, 16, 17, 21, 28, 30, 31);
    }

    @Test
    void registersThatTheHostHasNotEnabledAreHidden() {
        CpuidPolicy policy = CpuidPolicy.build(enabling(0x340), ONE);
        assertThat(policy.xcr0()).isEqualTo(7);
        assertLeaf(policy, 0xd, 0, 7, 0x340, 0x340, 0);
        assertLeaf(policy, 0xd, 1, 7, 0x340, 0, 0);
        assertLeaf(policy, 0xd, 2, 0x100, 0x240, 0, 0);
        assertLeaf(policy, 0xd, 5, 0, 0, 0, 0);
        assertClear(policy, 7, 0, 1, 16, 17, 21, 28, 30, 31);
        assertClear(policy, 7, 0, 2, 1, 6, 11, 12, 14);
        assertClear(policy, 7, 0, 3, 2, 3, 8, 23);
        assertClear(policy, 7, 1, 0, 5);
    }

    @Test
    void aHostWithoutXsaveLendsNothingThatNeedsIt() {
        HostCpuid host = full(INTEL_EBX);
        HostCpuid old = (leaf, subleaf, words) -> {
            host.cpuid(leaf, subleaf, words);
            if (leaf == 1) {
                words[2] &= ~(1 << 26);
            }
        };
        CpuidPolicy policy = CpuidPolicy.build(old, ONE);
        assertClear(policy, 1, 0, 2, 12, 26, 27, 28, 29);
        assertClear(policy, 7, 0, 1, 5);
        assertClear(policy, 7, 0, 2, 9, 10);
        assertLeaf(policy, 0xd, 0, 0, 0, 0, 0);
    }

    @Test
    void theGuestFindsXenWhereKvmWouldBe() {
        CpuidPolicy policy = CpuidPolicy.build(full(AMD_EBX), ONE);
        policy.lookup(0x40000000, 0, out);
        assertThat(out[0]).isEqualTo(0x40000005);
        ByteBuffer name = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        name.putInt(out[1]).putInt(out[2]).putInt(out[3]);
        assertThat(new String(name.array(), StandardCharsets.US_ASCII)).isEqualTo("XenVMMXenVMM");
        assertLeaf(policy, 0x40000001, 0, 0x00040011, 0, 0, 0);
        assertLeaf(policy, 0x40000002, 0, 1, 0x40000000, 1, 0);
        assertLeaf(policy, 0x40000003, 0, 6, 2, 2_600_000, 0);
        assertLeaf(policy, 0x40000003, 2, 2_600_000, 0, 0, 0);
        assertLeaf(policy, 0x40000005, 0, 0, 46, 0, 0);
    }

    @Property(tries = 300)
    void theClockScaleTurnsTicksIntoNanoseconds(@ForAll @IntRange(min = 400_000, max = 6_000_000) int tscKhz) {
        CpuidPolicy policy = CpuidPolicy.build(full(AMD_EBX), new CpuidPolicy.Guest(1, 0, tscKhz, 46));
        policy.lookup(0x40000003, 1, out);
        long second = tscKhz * 1000L;
        long scaled = out[3] < 0 ? second >> -out[3] : second << out[3];
        long ns = Math.multiplyHigh(scaled, out[2] & 0xffff_ffffL) << 32
                | scaled * (out[2] & 0xffff_ffffL) >>> 32;
        assertThat(ns).isBetween(999_999_990L, 1_000_000_000L);
    }

    @Property(tries = 200)
    void topologyIsOnePackageOfSingleThreadedCores(@ForAll @IntRange(min = 1, max = 255) int count,
            @ForAll boolean amd) {
        CpuidPolicy.Guest guest = new CpuidPolicy.Guest(count, count - 1, 2_600_000, 46);
        CpuidPolicy policy = CpuidPolicy.build(full(amd ? AMD_EBX : INTEL_EBX), guest);
        policy.lookup(1, 0, out);
        assertThat(out[1] >>> 24).isEqualTo(count - 1);
        assertThat(out[1] >>> 16 & 0xff).isEqualTo(count);
        assertThat(out[3] >>> 28 & 1).isEqualTo(count > 1 ? 1 : 0);
        assertLeaf(policy, 0xb, 0, 0, 1, 0x100, count - 1);
        policy.lookup(0xb, 1, out);
        int shift = out[0];
        assertThat(out).isEqualTo(new int[] {shift, count, 0x201, count - 1});
        assertThat(count - 1 >> shift).isZero();
        policy.lookup(0x80000008, 0, out);
        assertThat(out[2]).isEqualTo(amd ? shift << 12 | count - 1 : 0);
        if (amd) {
            assertLeaf(policy, 0x8000001e, 0, count - 1, count - 1, 0, 0);
        } else {
            assertCaches(policy, shift);
        }
    }

    private void assertCaches(CpuidPolicy policy, int shift) {
        for (int i = 0; i < 4; i++) {
            policy.lookup(4, i, out);
            int sharing = out[0] >>> 14 & 0xfff;
            assertThat(sharing).isEqualTo(i < 3 ? 0 : (1 << shift) - 1);
            assertThat(out[0] >>> 26).isEqualTo(Math.min(63, (1 << shift) - 1));
        }
        assertLeaf(policy, 4, 4, 0, 0, 0, 0);
    }

    @Test
    void addressesHaveAtMostFortyEightLinearBits() {
        CpuidPolicy.build(full(AMD_EBX), ONE).lookup(0x80000008, 0, out);
        assertThat(out[0]).isEqualTo(52 | 48 << 8);
    }

    @Test
    void entriesSayWhetherTheyDependOnEcx() {
        CpuidPolicy policy = CpuidPolicy.build(full(AMD_EBX), ONE);
        for (int i = 0; i < policy.size(); i++) {
            int function = policy.function(i);
            boolean indexed = function == 4 || function == 7 || function == 0xb || function == 0xd
                    || function == 0x40000003;
            assertThat(policy.flags(i)).as("0x%x", function).isEqualTo(indexed ? CpuidPolicy.SIGNIFICANT_INDEX : 0);
            policy.lookup(function, policy.index(i), out);
            assertThat(out).isEqualTo(new int[] {policy.eax(i), policy.ebx(i), policy.ecx(i), policy.edx(i)});
        }
    }

    @Test
    void aVcpuOutsideItsGuestIsOurMistake() {
        assertThatThrownBy(() -> new CpuidPolicy.Guest(2, 2, 1, 46)).hasMessage("vcpuId=2 vcpuCount=2");
        assertThatThrownBy(() -> new CpuidPolicy.Guest(1, 0, 0, 46)).hasMessage("tscKhz=0");
    }

    private void assertClear(CpuidPolicy policy, int leaf, int subleaf, int register, int... bits) {
        policy.lookup(leaf, subleaf, out);
        for (int bit : bits) {
            assertThat(out[register] >>> bit & 1).as("leaf 0x%x bit %d", leaf, bit).isZero();
        }
    }

    private void assertSet(CpuidPolicy policy, int leaf, int subleaf, int register, int... bits) {
        policy.lookup(leaf, subleaf, out);
        for (int bit : bits) {
            assertThat(out[register] >>> bit & 1).as("leaf 0x%x bit %d", leaf, bit).isEqualTo(1);
        }
    }

    private void assertLeaf(CpuidPolicy policy, int leaf, int subleaf, int eax, int ebx, int ecx, int edx) {
        policy.lookup(leaf, subleaf, out);
        assertThat(out).as("leaf 0x%x.%d", leaf, subleaf).isEqualTo(new int[] {eax, ebx, ecx, edx});
    }
}
