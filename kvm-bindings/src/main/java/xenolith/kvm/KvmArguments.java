package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;

/// The small argument structs of `<linux/kvm.h>` that only the descriptor classes fill in.
///
/// An array of length 0 at the end is C's flexible array member.
final class KvmArguments {
    static final StructLayout USERSPACE_MEMORY_REGION = MemoryLayout.structLayout(
            JAVA_INT.withName("slot"),
            JAVA_INT.withName("flags"),
            JAVA_LONG.withName("guest_phys_addr"),
            JAVA_LONG.withName("memory_size"),
            JAVA_LONG.withName("userspace_addr")).withName("kvm_userspace_memory_region");

    static final StructLayout IOEVENTFD = MemoryLayout.structLayout(
            JAVA_LONG.withName("datamatch"),
            JAVA_LONG.withName("addr"),
            JAVA_INT.withName("len"),
            JAVA_INT.withName("fd"),
            JAVA_INT.withName("flags"),
            MemoryLayout.sequenceLayout(36, JAVA_BYTE).withName("pad")).withName("kvm_ioeventfd");

    /// Holds `len` bytes of `sigset`.
    static final StructLayout SIGNAL_MASK = MemoryLayout.structLayout(
            JAVA_INT.withName("len"),
            MemoryLayout.sequenceLayout(0, JAVA_BYTE).withName("sigset")).withName("kvm_signal_mask");

    static final StructLayout MSR_ENTRY = MemoryLayout.structLayout(
            JAVA_INT.withName("index"),
            JAVA_INT.withName("reserved"),
            JAVA_LONG.withName("data")).withName("kvm_msr_entry");

    /// Holds `nmsrs` entries.
    static final StructLayout MSRS = MemoryLayout.structLayout(
            JAVA_INT.withName("nmsrs"),
            JAVA_INT.withName("pad"),
            MemoryLayout.sequenceLayout(0, MSR_ENTRY).withName("entries")).withName("kvm_msrs");

    static final StructLayout CPUID_ENTRY2 = MemoryLayout.structLayout(
            JAVA_INT.withName("function"),
            JAVA_INT.withName("index"),
            JAVA_INT.withName("flags"),
            JAVA_INT.withName("eax"),
            JAVA_INT.withName("ebx"),
            JAVA_INT.withName("ecx"),
            JAVA_INT.withName("edx"),
            MemoryLayout.sequenceLayout(3, JAVA_INT).withName("padding")).withName("kvm_cpuid_entry2");

    /// Holds `nent` entries.
    static final StructLayout CPUID2 = MemoryLayout.structLayout(
            JAVA_INT.withName("nent"),
            JAVA_INT.withName("padding"),
            MemoryLayout.sequenceLayout(0, CPUID_ENTRY2).withName("entries")).withName("kvm_cpuid2");

    static final StructLayout XCR = MemoryLayout.structLayout(
            JAVA_INT.withName("xcr"),
            JAVA_INT.withName("reserved"),
            JAVA_LONG.withName("value")).withName("kvm_xcr");

    /// `KVM_MAX_XCRS` is 16.
    static final StructLayout XCRS = MemoryLayout.structLayout(
            JAVA_INT.withName("nr_xcrs"),
            JAVA_INT.withName("flags"),
            MemoryLayout.sequenceLayout(16, XCR).withName("xcrs"),
            MemoryLayout.sequenceLayout(16, JAVA_LONG).withName("padding")).withName("kvm_xcrs");

    static final StructLayout INTERRUPT = MemoryLayout.structLayout(
            JAVA_INT.withName("irq")).withName("kvm_interrupt");

    static final StructLayout TRANSLATION = MemoryLayout.structLayout(
            JAVA_LONG.withName("linear_address"),
            JAVA_LONG.withName("physical_address"),
            JAVA_BYTE.withName("valid"),
            JAVA_BYTE.withName("writeable"),
            JAVA_BYTE.withName("usermode"),
            MemoryLayout.sequenceLayout(5, JAVA_BYTE).withName("pad")).withName("kvm_translation");

    static final StructLayout CLOCK_DATA = MemoryLayout.structLayout(
            JAVA_LONG.withName("clock"),
            JAVA_INT.withName("flags"),
            JAVA_INT.withName("pad0"),
            JAVA_LONG.withName("realtime"),
            JAVA_LONG.withName("host_tsc"),
            MemoryLayout.sequenceLayout(4, JAVA_INT).withName("pad")).withName("kvm_clock_data");

    static final StructLayout ENABLE_CAP = MemoryLayout.structLayout(
            JAVA_INT.withName("cap"),
            JAVA_INT.withName("flags"),
            MemoryLayout.sequenceLayout(4, JAVA_LONG).withName("args"),
            MemoryLayout.sequenceLayout(64, JAVA_BYTE).withName("pad")).withName("kvm_enable_cap");

    private KvmArguments() {
    }

    static long offset(StructLayout struct, String field) {
        return struct.byteOffset(PathElement.groupElement(field));
    }
}
