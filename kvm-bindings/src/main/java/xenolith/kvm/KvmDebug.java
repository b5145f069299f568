package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/// The debug structs of `<linux/kvm.h>` and `<asm/kvm.h>`.
public final class KvmDebug {
    /// `struct kvm_debugregs`, for KVM_GET_DEBUGREGS and KVM_SET_DEBUGREGS.
    public static final StructLayout DEBUGREGS = MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("db"),
            JAVA_LONG.withName("dr6"),
            JAVA_LONG.withName("dr7"),
            JAVA_LONG.withName("flags"),
            MemoryLayout.sequenceLayout(9, JAVA_LONG).withName("reserved")).withName("kvm_debugregs");

    /// `struct kvm_guest_debug_arch`.
    public static final StructLayout GUEST_DEBUG_ARCH = MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(8, JAVA_LONG).withName("debugreg")).withName("kvm_guest_debug_arch");

    /// `struct kvm_guest_debug`, for KVM_SET_GUEST_DEBUG.
    public static final StructLayout GUEST_DEBUG = MemoryLayout.structLayout(
            JAVA_INT.withName("control"),
            JAVA_INT.withName("pad"),
            GUEST_DEBUG_ARCH.withName("arch")).withName("kvm_guest_debug");

    /// Bits of `kvm_guest_debug.control`.
    public static final int KVM_GUESTDBG_ENABLE = 0x0000_0001;
    public static final int KVM_GUESTDBG_SINGLESTEP = 0x0000_0002;
    public static final int KVM_GUESTDBG_USE_SW_BP = 0x0001_0000;
    public static final int KVM_GUESTDBG_USE_HW_BP = 0x0002_0000;
    public static final int KVM_GUESTDBG_INJECT_DB = 0x0004_0000;
    public static final int KVM_GUESTDBG_INJECT_BP = 0x0008_0000;

    private KvmDebug() {
    }
}
