package xenolith.vmm.host;

import xenolith.kvm.KvmCap;
import xenolith.kvm.KvmRun;

/// What KVM says of itself (`KVM_CHECK_EXTENSION`), as far as we use it.
public enum Capability {
    USER_MEMORY(KvmCap.KVM_CAP_USER_MEMORY, true),
    SET_TSS_ADDR(KvmCap.KVM_CAP_SET_TSS_ADDR, true),
    EXT_CPUID(KvmCap.KVM_CAP_EXT_CPUID, true),
    /// Registers in `kvm_run`: the exit loop uses no others.
    SYNC_REGS(KvmCap.KVM_CAP_SYNC_REGS, true),
    /// A pending exception must be seen before registers are written.
    VCPU_EVENTS(KvmCap.KVM_CAP_VCPU_EVENTS, true),
    XCRS(KvmCap.KVM_CAP_XCRS, true),
    GET_TSC_KHZ(KvmCap.KVM_CAP_GET_TSC_KHZ, true),
    IMMEDIATE_EXIT(KvmCap.KVM_CAP_IMMEDIATE_EXIT, false),
    SET_GUEST_DEBUG(KvmCap.KVM_CAP_SET_GUEST_DEBUG, false),
    IOEVENTFD(KvmCap.KVM_CAP_IOEVENTFD, false),
    INTERNAL_ERROR_DATA(KvmCap.KVM_CAP_INTERNAL_ERROR_DATA, false),
    BINARY_STATS_FD(KvmCap.KVM_CAP_BINARY_STATS_FD, false),
    NR_MEMSLOTS(KvmCap.KVM_CAP_NR_MEMSLOTS, false),
    MAX_VCPUS(KvmCap.KVM_CAP_MAX_VCPUS, false);

    private static final int REGISTER_SETS = (int) (KvmRun.KVM_SYNC_X86_REGS | KvmRun.KVM_SYNC_X86_SREGS);

    private final int number;
    private final boolean mandatory;

    Capability(int number, boolean mandatory) {
        this.number = number;
        this.mandatory = mandatory;
    }

    int number() {
        return number;
    }

    /// Whether no domain can run without it.
    public boolean isMandatory() {
        return mandatory;
    }

    /// Whether KVM's answer is enough for us.
    public boolean isSatisfiedBy(int answer) {
        return this == SYNC_REGS ? (answer & REGISTER_SETS) == REGISTER_SETS : answer > 0;
    }
}
