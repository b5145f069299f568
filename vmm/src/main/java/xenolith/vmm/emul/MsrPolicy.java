package xenolith.vmm.emul;

import java.util.Arrays;

/// Which model-specific registers a PV guest finds, as a table of rules. What the table lacks is a #GP, which every
/// Linux built with XEN_PV_MSR_SAFE survives (`pv/emul-priv-op.c` of Xen does likewise).
///
/// Values are those that Xen shows, or such that the guest finds nothing to configure: a guest of ours never changes a
/// register of the processor itself.
public final class MsrPolicy {
    static final int TSC = 0x10;
    static final int PLATFORM_ID = 0x17;
    static final int APIC_BASE = 0x1b;
    static final int SPEC_CTRL = 0x48;
    static final int PRED_CMD = 0x49;
    /// UCODE_REV on Intel, PATCH_LEVEL on AMD. Linux writes 0 before it reads.
    static final int UCODE_REV = 0x8b;
    static final int PLATFORM_INFO = 0xce;
    static final int ARCH_CAPABILITIES = 0x10a;
    static final int FLUSH_CMD = 0x10b;
    static final int MISC_FEATURES_ENABLES = 0x140;
    static final int MISC_ENABLE = 0x1a0;
    static final int CR_PAT = 0x277;
    static final int EFER = 0xc0000080;
    static final int FS_BASE = 0xc0000100;
    static final int GS_BASE = 0xc0000101;
    static final int KERNEL_GS_BASE = 0xc0000102;
    static final int TSC_AUX = 0xc0000103;
    static final int SYSCFG = 0xc0010010;
    static final int HWCR = 0xc0010015;
    static final int TOP_MEM = 0xc001001a;
    static final int TOP_MEM2 = 0xc001001d;
    static final int LS_CFG = 0xc0011020;
    static final int DE_CFG = 0xc0011029;

    /// SCE, LME, LMA and NXE.
    private static final long EFER_VALUE = 0xd01;
    /// The caching types that Xen's page attribute table holds.
    private static final long PAT_VALUE = 0x0000_0501_0007_0406L;
    /// Fast string operations on; branch trace and PEBS unavailable.
    private static final long MISC_ENABLE_VALUE = 0x1801;
    /// The TSC counts at P0's frequency; without it Linux on AMD distrusts the counter.
    private static final long HWCR_TSC_FREQUENCY_FIXED = 1 << 24;
    /// LFENCE waits for earlier instructions; Linux then need not ask for it.
    private static final long DE_CFG_LFENCE_SERIALISES = 1 << 1;
    private static final long APIC_BASE_ENABLED = 0xfee0_0800L;
    private static final long APIC_BASE_BOOT_PROCESSOR = 1 << 8;

    /// The vCPU's own: held in its state.
    private static final int KIND_STATE = 0;
    /// Reads one value; only that value may be written.
    private static final int KIND_CONSTANT = 1;
    /// Reads one value; writes are dropped.
    private static final int KIND_IGNORED = 2;
    /// Write-only, and dropped.
    private static final int KIND_COMMAND = 3;

    private record Rule(int msr, int kind, long value) {}

    private static final Rule[] RULES = sorted(
            new Rule(TSC, KIND_STATE, 0),
            new Rule(PLATFORM_ID, KIND_CONSTANT, 0),
            new Rule(APIC_BASE, KIND_STATE, 0),
            new Rule(SPEC_CTRL, KIND_CONSTANT, 0),
            new Rule(PRED_CMD, KIND_COMMAND, 0),
            new Rule(UCODE_REV, KIND_IGNORED, 0),
            new Rule(PLATFORM_INFO, KIND_CONSTANT, 0),
            new Rule(ARCH_CAPABILITIES, KIND_CONSTANT, 0),
            new Rule(FLUSH_CMD, KIND_COMMAND, 0),
            new Rule(MISC_FEATURES_ENABLES, KIND_CONSTANT, 0),
            new Rule(MISC_ENABLE, KIND_IGNORED, MISC_ENABLE_VALUE),
            new Rule(CR_PAT, KIND_CONSTANT, PAT_VALUE),
            new Rule(EFER, KIND_CONSTANT, EFER_VALUE),
            new Rule(FS_BASE, KIND_STATE, 0),
            new Rule(GS_BASE, KIND_STATE, 0),
            new Rule(KERNEL_GS_BASE, KIND_STATE, 0),
            new Rule(TSC_AUX, KIND_STATE, 0),
            new Rule(SYSCFG, KIND_IGNORED, 0),
            new Rule(HWCR, KIND_IGNORED, HWCR_TSC_FREQUENCY_FIXED),
            new Rule(TOP_MEM, KIND_CONSTANT, 0),
            new Rule(TOP_MEM2, KIND_CONSTANT, 0),
            new Rule(LS_CFG, KIND_IGNORED, 0),
            new Rule(DE_CFG, KIND_IGNORED, DE_CFG_LFENCE_SERIALISES));

    private MsrPolicy() {}

    /// Whether `rdmsr` of `msr` succeeds.
    public static boolean isReadable(int msr) {
        Rule rule = find(msr);
        return rule != null && rule.kind != KIND_COMMAND;
    }

    /// What `rdmsr` gives; 0 for a register that is not readable.
    public static long read(int msr, PrivilegedState state) {
        Rule rule = find(msr);
        if (rule == null) {
            return 0;
        }
        return rule.kind == KIND_STATE ? readState(msr, state) : rule.value;
    }

    /// Performs `wrmsr`. False means #GP: no such register, or a value that it cannot take.
    public static boolean write(int msr, long value, PrivilegedState state) {
        Rule rule = find(msr);
        if (rule == null) {
            return false;
        }
        return switch (rule.kind) {
            case KIND_STATE -> writeState(msr, value, state);
            case KIND_CONSTANT -> value == rule.value;
            default -> true;
        };
    }

    private static long readState(int msr, PrivilegedState state) {
        return switch (msr) {
            case TSC -> state.tsc();
            case TSC_AUX -> state.tscAux();
            case APIC_BASE -> APIC_BASE_ENABLED | (state.vcpuId() == 0 ? APIC_BASE_BOOT_PROCESSOR : 0);
            case FS_BASE -> state.fsBase();
            case GS_BASE -> state.gsBase();
            case KERNEL_GS_BASE -> state.shadowGsBase();
            default -> throw new IllegalStateException("msr=0x" + Integer.toHexString(msr) + " has no state");
        };
    }

    private static boolean writeState(int msr, long value, PrivilegedState state) {
        if (msr == TSC || msr == APIC_BASE) {
            return false;
        }
        if (msr == TSC_AUX) {
            // The upper half is reserved.
            boolean fits = value >>> 32 == 0;
            if (fits) {
                state.tscAux(value);
            }
            return fits;
        }
        if (!isCanonical(value)) {
            return false;
        }
        switch (msr) {
            case FS_BASE -> state.fsBase(value);
            case GS_BASE -> state.gsBase(value);
            default -> state.shadowGsBase(value);
        }
        return true;
    }

    private static boolean isCanonical(long address) {
        return address << 16 >> 16 == address;
    }

    private static Rule[] sorted(Rule... rules) {
        Arrays.sort(rules, (a, b) -> Integer.compareUnsigned(a.msr, b.msr));
        return rules;
    }

    private static Rule find(int msr) {
        int low = 0;
        int high = RULES.length - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            int order = Integer.compareUnsigned(RULES[middle].msr, msr);
            if (order == 0) {
                return RULES[middle];
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }
}
