package xenolith.kvm;

/// Capabilities for KVM_CHECK_EXTENSION (`<linux/kvm.h>`): those that concern an x86 host.
///
/// The answer is 0 where the host lacks the capability, else 1 or the number that the line says.
public final class KvmCap {
    // How memory and the VM are set up.
    public static final int KVM_CAP_USER_MEMORY = 3;
    public static final int KVM_CAP_SET_TSS_ADDR = 4;
    public static final int KVM_CAP_SET_IDENTITY_MAP_ADDR = 37;
    /// How many memory slots a VM may have.
    public static final int KVM_CAP_NR_MEMSLOTS = 10;
    /// The guest follows changes of the mapping behind a slot.
    public static final int KVM_CAP_SYNC_MMU = 16;
    public static final int KVM_CAP_DESTROY_MEMORY_REGION_WORKS = 21;
    public static final int KVM_CAP_JOIN_MEMORY_REGIONS_WORKS = 30;
    public static final int KVM_CAP_READONLY_MEM = 81;
    public static final int KVM_CAP_MULTI_ADDRESS_SPACE = 118;
    /// The recommended largest number of vCPUs.
    public static final int KVM_CAP_NR_VCPUS = 9;
    /// The largest number of vCPUs.
    public static final int KVM_CAP_MAX_VCPUS = 66;
    /// One past the largest vCPU id.
    public static final int KVM_CAP_MAX_VCPU_ID = 128;
    public static final int KVM_CAP_CHECK_EXTENSION_VM = 105;
    public static final int KVM_CAP_ENABLE_CAP = 54;
    public static final int KVM_CAP_ENABLE_CAP_VM = 98;
    public static final int KVM_CAP_VM_ATTRIBUTES = 101;
    public static final int KVM_CAP_VM_GPA_BITS = 207;

    // What the guest sees.
    public static final int KVM_CAP_EXT_CPUID = 7;
    public static final int KVM_CAP_EXT_EMUL_CPUID = 95;
    public static final int KVM_CAP_CLOCKSOURCE = 8;
    public static final int KVM_CAP_ADJUST_CLOCK = 39;
    public static final int KVM_CAP_TSC_CONTROL = 60;
    public static final int KVM_CAP_GET_TSC_KHZ = 61;
    public static final int KVM_CAP_VM_TSC_CONTROL = 214;
    public static final int KVM_CAP_ASYNC_PF = 59;
    public static final int KVM_CAP_ENFORCE_PV_FEATURE_CPUID = 190;
    public static final int KVM_CAP_SMALLER_MAXPHYADDR = 185;
    public static final int KVM_CAP_DISABLE_QUIRKS = 116;
    public static final int KVM_CAP_DISABLE_QUIRKS2 = 213;
    public static final int KVM_CAP_PMU_CAPABILITY = 212;
    public static final int KVM_CAP_XEN_HVM = 38;

    // State of a vCPU.
    /// Bit set of `KVM_SYNC_X86_` register sets ([KvmRun]).
    public static final int KVM_CAP_SYNC_REGS = 74;
    public static final int KVM_CAP_VCPU_EVENTS = 41;
    public static final int KVM_CAP_INTR_SHADOW = 49;
    public static final int KVM_CAP_DEBUGREGS = 50;
    public static final int KVM_CAP_XSAVE = 55;
    /// Bytes of the XSAVE area.
    public static final int KVM_CAP_XSAVE2 = 208;
    public static final int KVM_CAP_XCRS = 56;
    public static final int KVM_CAP_SREGS2 = 200;
    public static final int KVM_CAP_MP_STATE = 14;
    public static final int KVM_CAP_NESTED_STATE = 157;
    public static final int KVM_CAP_EXCEPTION_PAYLOAD = 164;
    public static final int KVM_CAP_X86_TRIPLE_FAULT_EVENT = 218;
    public static final int KVM_CAP_SET_GUEST_DEBUG = 23;
    public static final int KVM_CAP_X86_ROBUST_SINGLESTEP = 51;
    public static final int KVM_CAP_GET_MSR_FEATURES = 153;

    // Exits and events.
    public static final int KVM_CAP_HLT = 1;
    public static final int KVM_CAP_IRQCHIP = 0;
    public static final int KVM_CAP_SPLIT_IRQCHIP = 121;
    public static final int KVM_CAP_USER_NMI = 22;
    public static final int KVM_CAP_IOEVENTFD = 36;
    public static final int KVM_CAP_IOEVENTFD_NO_LENGTH = 100;
    /// A doorbell may match accesses of any length.
    public static final int KVM_CAP_IOEVENTFD_ANY_LENGTH = 122;
    public static final int KVM_CAP_IRQFD = 32;
    public static final int KVM_CAP_COALESCED_MMIO = 15;
    public static final int KVM_CAP_IMMEDIATE_EXIT = 136;
    /// [KvmRun#internalData] holds something.
    public static final int KVM_CAP_INTERNAL_ERROR_DATA = 40;
    public static final int KVM_CAP_EXIT_ON_EMULATION_FAILURE = 204;
    /// Bit set of exits that can be switched off.
    public static final int KVM_CAP_X86_DISABLE_EXITS = 143;
    public static final int KVM_CAP_X86_USER_SPACE_MSR = 188;
    public static final int KVM_CAP_X86_MSR_FILTER = 189;
    public static final int KVM_CAP_X86_BUS_LOCK_EXIT = 193;
    public static final int KVM_CAP_X86_NOTIFY_VMEXIT = 219;
    public static final int KVM_CAP_EXIT_HYPERCALL = 201;
    public static final int KVM_CAP_HALT_POLL = 182;

    // Diagnostics.
    public static final int KVM_CAP_BINARY_STATS_FD = 203;
    public static final int KVM_CAP_DIRTY_LOG_RING = 192;
    public static final int KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168;

    private KvmCap() {
    }
}
