package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct iret_context`, from xen/include/public/arch-x86/xen-x86_64.h: what the iret hypercall finds at the guest's
/// rsp.
///
/// The lowest three words are pushed by the hypercall stub, `flags` by its caller, the rest is an interrupt frame.
/// Every word is the guest's: selectors, flags and addresses are checked before they are loaded.
public final class XenIretContext {
    /// In `flags`: the interrupted code came by `syscall`, so rcx and r11 need not be restored.
    public static final int VGCF_IN_SYSCALL = 1 << 8;

    public static final StructLayout LAYOUT = struct("iret_context",
            u64("rax"), u64("r11"), u64("rcx"), u64("flags"), u64("rip"), u64("cs"), u64("rflags"), u64("rsp"),
            u64("ss"));
    public static final long SIZEOF = LAYOUT.byteSize();
    public static final long RAX_OFFSET = offsetOf(LAYOUT, "rax");
    public static final long R11_OFFSET = offsetOf(LAYOUT, "r11");
    public static final long RCX_OFFSET = offsetOf(LAYOUT, "rcx");
    public static final long FLAGS_OFFSET = offsetOf(LAYOUT, "flags");
    public static final long RIP_OFFSET = offsetOf(LAYOUT, "rip");
    public static final long CS_OFFSET = offsetOf(LAYOUT, "cs");
    public static final long RFLAGS_OFFSET = offsetOf(LAYOUT, "rflags");
    public static final long RSP_OFFSET = offsetOf(LAYOUT, "rsp");
    public static final long SS_OFFSET = offsetOf(LAYOUT, "ss");

    private XenIretContext() {
    }

    public static long rax(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RAX_OFFSET); }
    public static void rax(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RAX_OFFSET, v); }
    public static long r11(MemorySegment s, long base) { return s.get(JAVA_LONG, base + R11_OFFSET); }
    public static void r11(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + R11_OFFSET, v); }
    public static long rcx(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RCX_OFFSET); }
    public static void rcx(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RCX_OFFSET, v); }
    public static long flags(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FLAGS_OFFSET); }
    public static void flags(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + FLAGS_OFFSET, v); }
    public static long rip(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RIP_OFFSET); }
    public static void rip(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RIP_OFFSET, v); }
    public static long cs(MemorySegment s, long base) { return s.get(JAVA_LONG, base + CS_OFFSET); }
    public static void cs(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + CS_OFFSET, v); }
    public static long rflags(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RFLAGS_OFFSET); }
    public static void rflags(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RFLAGS_OFFSET, v); }
    public static long rsp(MemorySegment s, long base) { return s.get(JAVA_LONG, base + RSP_OFFSET); }
    public static void rsp(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + RSP_OFFSET, v); }
    public static long ss(MemorySegment s, long base) { return s.get(JAVA_LONG, base + SS_OFFSET); }
    public static void ss(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + SS_OFFSET, v); }
}
