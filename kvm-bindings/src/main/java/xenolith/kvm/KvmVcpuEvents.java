package xenolith.kvm;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct kvm_vcpu_events` of `<asm/kvm.h>`: what KVM is about to deliver to the guest, for KVM_GET_VCPU_EVENTS and
/// KVM_SET_VCPU_EVENTS.
///
/// Accessors take the segment that holds the struct at its start.
public final class KvmVcpuEvents {
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("injected"),
                    JAVA_BYTE.withName("nr"),
                    JAVA_BYTE.withName("has_error_code"),
                    JAVA_BYTE.withName("pending"),
                    JAVA_INT.withName("error_code")).withName("exception"),
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("injected"),
                    JAVA_BYTE.withName("nr"),
                    JAVA_BYTE.withName("soft"),
                    JAVA_BYTE.withName("shadow")).withName("interrupt"),
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("injected"),
                    JAVA_BYTE.withName("pending"),
                    JAVA_BYTE.withName("masked"),
                    JAVA_BYTE.withName("pad")).withName("nmi"),
            JAVA_INT.withName("sipi_vector"),
            JAVA_INT.withName("flags"),
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("smm"),
                    JAVA_BYTE.withName("pending"),
                    JAVA_BYTE.withName("smm_inside_nmi"),
                    JAVA_BYTE.withName("latched_init")).withName("smi"),
            MemoryLayout.structLayout(JAVA_BYTE.withName("pending")).withName("triple_fault"),
            MemoryLayout.sequenceLayout(26, JAVA_BYTE).withName("reserved"),
            JAVA_BYTE.withName("exception_has_payload"),
            JAVA_LONG.withName("exception_payload")).withName("kvm_vcpu_events");
    public static final long SIZEOF = LAYOUT.byteSize();

    private static final long EXCEPTION_INJECTED = offset("exception", "injected");
    private static final long EXCEPTION_NR = offset("exception", "nr");
    private static final long EXCEPTION_HAS_ERROR_CODE = offset("exception", "has_error_code");
    private static final long EXCEPTION_PENDING = offset("exception", "pending");
    private static final long EXCEPTION_ERROR_CODE = offset("exception", "error_code");
    private static final long INTERRUPT_INJECTED = offset("interrupt", "injected");
    private static final long INTERRUPT_NR = offset("interrupt", "nr");
    private static final long INTERRUPT_SHADOW = offset("interrupt", "shadow");
    private static final long FLAGS = LAYOUT.byteOffset(groupElement("flags"));

    private KvmVcpuEvents() {
    }

    private static long offset(String group, String field) {
        return LAYOUT.byteOffset(groupElement(group), groupElement(field));
    }

    /// Whether an exception is on its way: delivered at the next entry unless somebody sets registers before.
    public static boolean exceptionQueued(MemorySegment s) {
        return (s.get(JAVA_BYTE, EXCEPTION_INJECTED) | s.get(JAVA_BYTE, EXCEPTION_PENDING)) != 0;
    }

    public static boolean exceptionInjected(MemorySegment s) {
        return s.get(JAVA_BYTE, EXCEPTION_INJECTED) != 0;
    }

    public static boolean exceptionPending(MemorySegment s) {
        return s.get(JAVA_BYTE, EXCEPTION_PENDING) != 0;
    }

    /// The exception's vector.
    public static int exceptionNr(MemorySegment s) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, EXCEPTION_NR));
    }

    public static boolean exceptionHasErrorCode(MemorySegment s) {
        return s.get(JAVA_BYTE, EXCEPTION_HAS_ERROR_CODE) != 0;
    }

    public static int exceptionErrorCode(MemorySegment s) {
        return s.get(JAVA_INT, EXCEPTION_ERROR_CODE);
    }

    public static boolean interruptInjected(MemorySegment s) {
        return s.get(JAVA_BYTE, INTERRUPT_INJECTED) != 0;
    }

    /// The interrupt's vector.
    public static int interruptNr(MemorySegment s) {
        return Byte.toUnsignedInt(s.get(JAVA_BYTE, INTERRUPT_NR));
    }

    /// `KVM_X86_SHADOW_INT_MOV_SS` (1) and `KVM_X86_SHADOW_INT_STI` (2).
    public static int interruptShadow(MemorySegment s) {
        return s.get(JAVA_BYTE, INTERRUPT_SHADOW);
    }

    /// `KVM_VCPUEVENT_VALID_` bits: which optional fields hold something.
    public static int flags(MemorySegment s) {
        return s.get(JAVA_INT, FLAGS);
    }

    public static void flags(MemorySegment s, int value) {
        s.set(JAVA_INT, FLAGS, value);
    }

    /// Takes back whatever exception is queued; sent to KVM by KVM_SET_VCPU_EVENTS.
    public static void clearException(MemorySegment s) {
        s.set(JAVA_BYTE, EXCEPTION_INJECTED, (byte) 0);
        s.set(JAVA_BYTE, EXCEPTION_PENDING, (byte) 0);
    }
}
