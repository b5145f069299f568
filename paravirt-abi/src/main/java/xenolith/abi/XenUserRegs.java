package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.getU16;
import static xenolith.abi.CLayout.getU8;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.setU16;
import static xenolith.abi.CLayout.setU8;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u16;
import static xenolith.abi.CLayout.u32;
import static xenolith.abi.CLayout.u64;
import static xenolith.abi.CLayout.u8;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct cpu_user_regs`, from xen/include/public/arch-x86/xen-x86_64.h.
///
/// The general registers of a virtual CPU as the guest names them in vcpu_guest_context.
public final class XenUserRegs {
    public static final StructLayout LAYOUT = struct("cpu_user_regs",
            u64("r15"), u64("r14"), u64("r13"), u64("r12"), u64("rbp"), u64("rbx"), u64("r11"), u64("r10"),
            u64("r9"), u64("r8"), u64("rax"), u64("rcx"), u64("rdx"), u64("rsi"), u64("rdi"), u32("error_code"),
            u32("entry_vector"), u64("rip"), u16("cs"), array("_pad0", 1, JAVA_SHORT), u8("saved_upcall_mask"),
            array("_pad1", 3, JAVA_BYTE), u64("rflags"), u64("rsp"), u16("ss"), array("_pad2", 3, JAVA_SHORT),
            u16("es"), array("_pad3", 3, JAVA_SHORT), u16("ds"), array("_pad4", 3, JAVA_SHORT), u16("fs"),
            array("_pad5", 3, JAVA_SHORT), u16("gs"), array("_pad6", 3, JAVA_SHORT));
    public static final long SIZEOF = LAYOUT.byteSize();
    public static final long R15_OFFSET = offsetOf(LAYOUT, "r15");
    public static final long R14_OFFSET = offsetOf(LAYOUT, "r14");
    public static final long R13_OFFSET = offsetOf(LAYOUT, "r13");
    public static final long R12_OFFSET = offsetOf(LAYOUT, "r12");
    public static final long RBP_OFFSET = offsetOf(LAYOUT, "rbp");
    public static final long RBX_OFFSET = offsetOf(LAYOUT, "rbx");
    public static final long R11_OFFSET = offsetOf(LAYOUT, "r11");
    public static final long R10_OFFSET = offsetOf(LAYOUT, "r10");
    public static final long R9_OFFSET = offsetOf(LAYOUT, "r9");
    public static final long R8_OFFSET = offsetOf(LAYOUT, "r8");
    public static final long RAX_OFFSET = offsetOf(LAYOUT, "rax");
    public static final long RCX_OFFSET = offsetOf(LAYOUT, "rcx");
    public static final long RDX_OFFSET = offsetOf(LAYOUT, "rdx");
    public static final long RSI_OFFSET = offsetOf(LAYOUT, "rsi");
    public static final long RDI_OFFSET = offsetOf(LAYOUT, "rdi");
    public static final long ERROR_CODE_OFFSET = offsetOf(LAYOUT, "error_code");
    public static final long ENTRY_VECTOR_OFFSET = offsetOf(LAYOUT, "entry_vector");
    public static final long RIP_OFFSET = offsetOf(LAYOUT, "rip");
    public static final long CS_OFFSET = offsetOf(LAYOUT, "cs");
    public static final long SAVED_UPCALL_MASK_OFFSET = offsetOf(LAYOUT, "saved_upcall_mask");
    public static final long RFLAGS_OFFSET = offsetOf(LAYOUT, "rflags");
    public static final long RSP_OFFSET = offsetOf(LAYOUT, "rsp");
    public static final long SS_OFFSET = offsetOf(LAYOUT, "ss");
    public static final long ES_OFFSET = offsetOf(LAYOUT, "es");
    public static final long DS_OFFSET = offsetOf(LAYOUT, "ds");
    public static final long FS_OFFSET = offsetOf(LAYOUT, "fs");
    public static final long GS_OFFSET = offsetOf(LAYOUT, "gs");

    private XenUserRegs() {
    }

    public static long r15(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R15_OFFSET); }
    public static void r15(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R15_OFFSET, v); }
    public static long r14(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R14_OFFSET); }
    public static void r14(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R14_OFFSET, v); }
    public static long r13(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R13_OFFSET); }
    public static void r13(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R13_OFFSET, v); }
    public static long r12(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R12_OFFSET); }
    public static void r12(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R12_OFFSET, v); }
    public static long rbp(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RBP_OFFSET); }
    public static void rbp(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RBP_OFFSET, v); }
    public static long rbx(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RBX_OFFSET); }
    public static void rbx(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RBX_OFFSET, v); }
    public static long r11(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R11_OFFSET); }
    public static void r11(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R11_OFFSET, v); }
    public static long r10(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R10_OFFSET); }
    public static void r10(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R10_OFFSET, v); }
    public static long r9(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R9_OFFSET); }
    public static void r9(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R9_OFFSET, v); }
    public static long r8(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R8_OFFSET); }
    public static void r8(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R8_OFFSET, v); }
    public static long rax(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RAX_OFFSET); }
    public static void rax(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RAX_OFFSET, v); }
    public static long rcx(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RCX_OFFSET); }
    public static void rcx(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RCX_OFFSET, v); }
    public static long rdx(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RDX_OFFSET); }
    public static void rdx(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RDX_OFFSET, v); }
    public static long rsi(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RSI_OFFSET); }
    public static void rsi(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RSI_OFFSET, v); }
    public static long rdi(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RDI_OFFSET); }
    public static void rdi(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RDI_OFFSET, v); }
    public static int errorCode(MemorySegment s, long base) { return s.get(JAVA_INT, base + ERROR_CODE_OFFSET); }
    public static void errorCode(MemorySegment s, long base, int v) { s.set(JAVA_INT, base + ERROR_CODE_OFFSET, v); }
    public static int entryVector(MemorySegment s, long base) { return s.get(JAVA_INT, base + ENTRY_VECTOR_OFFSET); }
    public static void entryVector(MemorySegment s, long base, int v) {
        s.set(JAVA_INT, base + ENTRY_VECTOR_OFFSET, v);
    }
    public static long rip(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RIP_OFFSET); }
    public static void rip(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RIP_OFFSET, v); }
    public static int cs(MemorySegment s, long base) { return getU16(s, base + CS_OFFSET); }
    public static void cs(MemorySegment s, long base, int v) { setU16(s, base + CS_OFFSET, v); }
    public static int savedUpcallMask(MemorySegment s, long base) { return getU8(s, base + SAVED_UPCALL_MASK_OFFSET); }
    public static void savedUpcallMask(MemorySegment s, long base, int v) {
        setU8(s, base + SAVED_UPCALL_MASK_OFFSET, v);
    }
    public static long rflags(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RFLAGS_OFFSET); }
    public static void rflags(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RFLAGS_OFFSET, v); }
    public static long rsp(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RSP_OFFSET); }
    public static void rsp(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RSP_OFFSET, v); }
    public static int ss(MemorySegment s, long base) { return getU16(s, base + SS_OFFSET); }
    public static void ss(MemorySegment s, long base, int v) { setU16(s, base + SS_OFFSET, v); }
    public static int es(MemorySegment s, long base) { return getU16(s, base + ES_OFFSET); }
    public static void es(MemorySegment s, long base, int v) { setU16(s, base + ES_OFFSET, v); }
    public static int ds(MemorySegment s, long base) { return getU16(s, base + DS_OFFSET); }
    public static void ds(MemorySegment s, long base, int v) { setU16(s, base + DS_OFFSET, v); }
    public static int fs(MemorySegment s, long base) { return getU16(s, base + FS_OFFSET); }
    public static void fs(MemorySegment s, long base, int v) { setU16(s, base + FS_OFFSET, v); }
    public static int gs(MemorySegment s, long base) { return getU16(s, base + GS_OFFSET); }
    public static void gs(MemorySegment s, long base, int v) { setU16(s, base + GS_OFFSET, v); }
}
