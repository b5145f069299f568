package xenolith.kvm;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct kvm_regs` of `<asm/kvm.h>`: the general registers, for KVM_GET_REGS, KVM_SET_REGS and `kvm_run.s.regs`.
///
/// Accessors take the segment that holds the struct at its start.
public final class KvmRegs {
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("rax"),
            JAVA_LONG.withName("rbx"),
            JAVA_LONG.withName("rcx"),
            JAVA_LONG.withName("rdx"),
            JAVA_LONG.withName("rsi"),
            JAVA_LONG.withName("rdi"),
            JAVA_LONG.withName("rsp"),
            JAVA_LONG.withName("rbp"),
            JAVA_LONG.withName("r8"),
            JAVA_LONG.withName("r9"),
            JAVA_LONG.withName("r10"),
            JAVA_LONG.withName("r11"),
            JAVA_LONG.withName("r12"),
            JAVA_LONG.withName("r13"),
            JAVA_LONG.withName("r14"),
            JAVA_LONG.withName("r15"),
            JAVA_LONG.withName("rip"),
            JAVA_LONG.withName("rflags")).withName("kvm_regs");
    public static final long SIZEOF = LAYOUT.byteSize();

    private static final long RAX = LAYOUT.byteOffset(groupElement("rax"));
    private static final long RBX = LAYOUT.byteOffset(groupElement("rbx"));
    private static final long RCX = LAYOUT.byteOffset(groupElement("rcx"));
    private static final long RDX = LAYOUT.byteOffset(groupElement("rdx"));
    private static final long RSI = LAYOUT.byteOffset(groupElement("rsi"));
    private static final long RDI = LAYOUT.byteOffset(groupElement("rdi"));
    private static final long RSP = LAYOUT.byteOffset(groupElement("rsp"));
    private static final long RBP = LAYOUT.byteOffset(groupElement("rbp"));
    private static final long R8 = LAYOUT.byteOffset(groupElement("r8"));
    private static final long R9 = LAYOUT.byteOffset(groupElement("r9"));
    private static final long R10 = LAYOUT.byteOffset(groupElement("r10"));
    private static final long R11 = LAYOUT.byteOffset(groupElement("r11"));
    private static final long R12 = LAYOUT.byteOffset(groupElement("r12"));
    private static final long R13 = LAYOUT.byteOffset(groupElement("r13"));
    private static final long R14 = LAYOUT.byteOffset(groupElement("r14"));
    private static final long R15 = LAYOUT.byteOffset(groupElement("r15"));
    private static final long RIP = LAYOUT.byteOffset(groupElement("rip"));
    private static final long RFLAGS = LAYOUT.byteOffset(groupElement("rflags"));

    /// Four bits for each hardware register number, from 0 in the lowest: where the register stands in the struct,
    /// counted in words. The hardware says ax, cx, dx, bx, sp, bp, si, di; the struct ax, bx, cx, dx, si, di, sp, bp.
    private static final long WORD_OF_NUMBER = 0xfedcba98_54761320L;

    private KvmRegs() {
    }

    /// The register that the instruction set numbers `hardwareRegisterNumber` (0 to 15: rax, rcx, rdx, rbx, rsp, rbp,
    /// rsi, rdi, r8 to r15), as a decoder of instructions needs it. Higher bits of the number are ignored.
    public static long get(MemorySegment s, int hardwareRegisterNumber) {
        return s.get(JAVA_LONG, offset(hardwareRegisterNumber));
    }

    /// Sets the register that the instruction set numbers `hardwareRegisterNumber`.
    public static void set(MemorySegment s, int hardwareRegisterNumber, long value) {
        s.set(JAVA_LONG, offset(hardwareRegisterNumber), value);
    }

    private static long offset(int hardwareRegisterNumber) {
        return (WORD_OF_NUMBER >>> ((hardwareRegisterNumber & 15) << 2) & 15) << 3;
    }

    public static long rax(MemorySegment s) {
        return s.get(JAVA_LONG, RAX);
    }

    public static void rax(MemorySegment s, long value) {
        s.set(JAVA_LONG, RAX, value);
    }

    public static long rbx(MemorySegment s) {
        return s.get(JAVA_LONG, RBX);
    }

    public static void rbx(MemorySegment s, long value) {
        s.set(JAVA_LONG, RBX, value);
    }

    public static long rcx(MemorySegment s) {
        return s.get(JAVA_LONG, RCX);
    }

    public static void rcx(MemorySegment s, long value) {
        s.set(JAVA_LONG, RCX, value);
    }

    public static long rdx(MemorySegment s) {
        return s.get(JAVA_LONG, RDX);
    }

    public static void rdx(MemorySegment s, long value) {
        s.set(JAVA_LONG, RDX, value);
    }

    public static long rsi(MemorySegment s) {
        return s.get(JAVA_LONG, RSI);
    }

    public static void rsi(MemorySegment s, long value) {
        s.set(JAVA_LONG, RSI, value);
    }

    public static long rdi(MemorySegment s) {
        return s.get(JAVA_LONG, RDI);
    }

    public static void rdi(MemorySegment s, long value) {
        s.set(JAVA_LONG, RDI, value);
    }

    public static long rsp(MemorySegment s) {
        return s.get(JAVA_LONG, RSP);
    }

    public static void rsp(MemorySegment s, long value) {
        s.set(JAVA_LONG, RSP, value);
    }

    public static long rbp(MemorySegment s) {
        return s.get(JAVA_LONG, RBP);
    }

    public static void rbp(MemorySegment s, long value) {
        s.set(JAVA_LONG, RBP, value);
    }

    public static long r8(MemorySegment s) {
        return s.get(JAVA_LONG, R8);
    }

    public static void r8(MemorySegment s, long value) {
        s.set(JAVA_LONG, R8, value);
    }

    public static long r9(MemorySegment s) {
        return s.get(JAVA_LONG, R9);
    }

    public static void r9(MemorySegment s, long value) {
        s.set(JAVA_LONG, R9, value);
    }

    public static long r10(MemorySegment s) {
        return s.get(JAVA_LONG, R10);
    }

    public static void r10(MemorySegment s, long value) {
        s.set(JAVA_LONG, R10, value);
    }

    public static long r11(MemorySegment s) {
        return s.get(JAVA_LONG, R11);
    }

    public static void r11(MemorySegment s, long value) {
        s.set(JAVA_LONG, R11, value);
    }

    public static long r12(MemorySegment s) {
        return s.get(JAVA_LONG, R12);
    }

    public static void r12(MemorySegment s, long value) {
        s.set(JAVA_LONG, R12, value);
    }

    public static long r13(MemorySegment s) {
        return s.get(JAVA_LONG, R13);
    }

    public static void r13(MemorySegment s, long value) {
        s.set(JAVA_LONG, R13, value);
    }

    public static long r14(MemorySegment s) {
        return s.get(JAVA_LONG, R14);
    }

    public static void r14(MemorySegment s, long value) {
        s.set(JAVA_LONG, R14, value);
    }

    public static long r15(MemorySegment s) {
        return s.get(JAVA_LONG, R15);
    }

    public static void r15(MemorySegment s, long value) {
        s.set(JAVA_LONG, R15, value);
    }

    public static long rip(MemorySegment s) {
        return s.get(JAVA_LONG, RIP);
    }

    public static void rip(MemorySegment s, long value) {
        s.set(JAVA_LONG, RIP, value);
    }

    public static long rflags(MemorySegment s) {
        return s.get(JAVA_LONG, RFLAGS);
    }

    public static void rflags(MemorySegment s, long value) {
        s.set(JAVA_LONG, RFLAGS, value);
    }
}
