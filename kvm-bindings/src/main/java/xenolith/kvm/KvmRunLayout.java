package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.UnionLayout;

/// The layout of `struct kvm_run` (`<linux/kvm.h>`), without the exits of other architectures.
///
/// Members that C leaves without a name are called `(exit)` and `(insn)` here, since a path needs names.
final class KvmRunLayout {
    private static final int EXIT_UNION_BYTES = 256;
    private static final int SYNC_REGS_BYTES = 2048;

    private static final StructLayout HW = MemoryLayout.structLayout(
            JAVA_LONG.withName("hardware_exit_reason"));
    private static final StructLayout FAIL_ENTRY = MemoryLayout.structLayout(
            JAVA_LONG.withName("hardware_entry_failure_reason"),
            JAVA_INT.withName("cpu"),
            MemoryLayout.paddingLayout(4));
    private static final StructLayout EX = MemoryLayout.structLayout(
            JAVA_INT.withName("exception"),
            JAVA_INT.withName("error_code"));
    private static final StructLayout IO = MemoryLayout.structLayout(
            JAVA_BYTE.withName("direction"),
            JAVA_BYTE.withName("size"),
            JAVA_SHORT.withName("port"),
            JAVA_INT.withName("count"),
            JAVA_LONG.withName("data_offset"));
    static final StructLayout DEBUG_EXIT_ARCH = MemoryLayout.structLayout(
            JAVA_INT.withName("exception"),
            JAVA_INT.withName("pad"),
            JAVA_LONG.withName("pc"),
            JAVA_LONG.withName("dr6"),
            JAVA_LONG.withName("dr7")).withName("kvm_debug_exit_arch");
    private static final StructLayout DEBUG = MemoryLayout.structLayout(DEBUG_EXIT_ARCH.withName("arch"));
    private static final StructLayout MMIO = MemoryLayout.structLayout(
            JAVA_LONG.withName("phys_addr"),
            bytes(8).withName("data"),
            JAVA_INT.withName("len"),
            JAVA_BYTE.withName("is_write"),
            MemoryLayout.paddingLayout(3));
    private static final StructLayout HYPERCALL = MemoryLayout.structLayout(
            JAVA_LONG.withName("nr"),
            longs(6).withName("args"),
            JAVA_LONG.withName("ret"),
            JAVA_INT.withName("longmode"),
            JAVA_INT.withName("pad"));
    private static final StructLayout INTERNAL = MemoryLayout.structLayout(
            JAVA_INT.withName("suberror"),
            JAVA_INT.withName("ndata"),
            longs(16).withName("data"));
    private static final StructLayout EMULATION_FAILURE = MemoryLayout.structLayout(
            JAVA_INT.withName("suberror"),
            JAVA_INT.withName("ndata"),
            JAVA_LONG.withName("flags"),
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("insn_size"),
                    bytes(15).withName("insn_bytes")).withName("(insn)"));
    private static final StructLayout SYSTEM_EVENT = MemoryLayout.structLayout(
            JAVA_INT.withName("type"),
            JAVA_INT.withName("ndata"),
            longs(16).withName("data"));
    private static final StructLayout MSR = MemoryLayout.structLayout(
            JAVA_BYTE.withName("error"),
            bytes(7).withName("pad"),
            JAVA_INT.withName("reason"),
            JAVA_INT.withName("index"),
            JAVA_LONG.withName("data"));
    private static final StructLayout NOTIFY = MemoryLayout.structLayout(JAVA_INT.withName("flags"));

    private static final UnionLayout EXIT = MemoryLayout.unionLayout(
            HW.withName("hw"),
            FAIL_ENTRY.withName("fail_entry"),
            EX.withName("ex"),
            IO.withName("io"),
            DEBUG.withName("debug"),
            MMIO.withName("mmio"),
            HYPERCALL.withName("hypercall"),
            INTERNAL.withName("internal"),
            EMULATION_FAILURE.withName("emulation_failure"),
            SYSTEM_EVENT.withName("system_event"),
            MSR.withName("msr"),
            NOTIFY.withName("notify"),
            bytes(EXIT_UNION_BYTES).withName("padding"));

    static final StructLayout SYNC_REGS = MemoryLayout.structLayout(
            KvmRegs.LAYOUT.withName("regs"),
            KvmSregs.LAYOUT.withName("sregs"),
            KvmVcpuEvents.LAYOUT.withName("events")).withName("kvm_sync_regs");

    static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_BYTE.withName("request_interrupt_window"),
            JAVA_BYTE.withName("immediate_exit"),
            bytes(6).withName("padding1"),
            JAVA_INT.withName("exit_reason"),
            JAVA_BYTE.withName("ready_for_interrupt_injection"),
            JAVA_BYTE.withName("if_flag"),
            JAVA_SHORT.withName("flags"),
            JAVA_LONG.withName("cr8"),
            JAVA_LONG.withName("apic_base"),
            EXIT.withName("(exit)"),
            JAVA_LONG.withName("kvm_valid_regs"),
            JAVA_LONG.withName("kvm_dirty_regs"),
            MemoryLayout.unionLayout(
                    SYNC_REGS.withName("regs"),
                    bytes(SYNC_REGS_BYTES).withName("padding")).withName("s")).withName("kvm_run");

    private KvmRunLayout() {
    }

    /// The offset of a member of the struct itself.
    static long offset(String field) {
        return LAYOUT.byteOffset(PathElement.groupElement(field));
    }

    /// The offset of `exit.field` in the union of exits, for example `mmio.len`.
    static long exitOffset(String exit, String field) {
        return LAYOUT.byteOffset(PathElement.groupElement("(exit)"), PathElement.groupElement(exit),
                PathElement.groupElement(field));
    }

    /// The offset of `s.regs.field`.
    static long syncOffset(String field) {
        return LAYOUT.byteOffset(PathElement.groupElement("s"), PathElement.groupElement("regs"),
                PathElement.groupElement(field));
    }

    private static SequenceLayout bytes(int count) {
        return MemoryLayout.sequenceLayout(count, JAVA_BYTE);
    }

    private static SequenceLayout longs(int count) {
        return MemoryLayout.sequenceLayout(count, JAVA_LONG);
    }
}
