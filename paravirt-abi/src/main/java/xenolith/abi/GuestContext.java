package xenolith.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static xenolith.abi.CLayout.array;
import static xenolith.abi.CLayout.offsetOf;
import static xenolith.abi.CLayout.struct;
import static xenolith.abi.CLayout.u64;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/// `struct vcpu_guest_context`, from xen/include/public/arch-x86/xen.h: the whole state with which a virtual CPU
/// starts.
///
/// The argument of VCPUOP_initialise, 5168 bytes. `ctrlreg[3]` is the kernel's CR3 in machine form, `ctrlreg[1]` the
/// user's (0 for none). Everything is the guest's wish, to be checked field by field before the virtual CPU may run.
public final class GuestContext {
    /// `fpu_ctxt` is to be loaded.
    public static final int VGCF_I387_VALID = 1;
    /// The virtual CPU starts in guest kernel mode.
    public static final int VGCF_IN_KERNEL = 1 << 2;
    /// The failsafe callback masks events.
    public static final int VGCF_FAILSAFE_DISABLES_EVENTS = 1 << 3;
    /// The syscall callback masks events.
    public static final int VGCF_SYSCALL_DISABLES_EVENTS = 1 << 4;
    /// The virtual CPU is to run at once.
    public static final int VGCF_ONLINE = 1 << 5;
    /// The interrupted code came by `syscall`.
    public static final int VGCF_IN_SYSCALL = 1 << 8;
    /// Room for GDT frames; only the first [XenSegment#FIRST_RESERVED_GDT_PAGE] may be used.
    public static final int GDT_FRAME_COUNT = 16;

    public static final StructLayout LAYOUT = struct("vcpu_guest_context",
            struct("fpu_ctxt", array("x", 512, JAVA_BYTE)),
            u64("flags"),
            XenUserRegs.LAYOUT.withName("user_regs"),
            array("trap_ctxt", XenTrapInfo.VECTOR_COUNT, XenTrapInfo.LAYOUT),
            u64("ldt_base"), u64("ldt_ents"),
            array("gdt_frames", GDT_FRAME_COUNT, JAVA_LONG), u64("gdt_ents"),
            u64("kernel_ss"), u64("kernel_sp"),
            array("ctrlreg", 8, JAVA_LONG),
            array("debugreg", 8, JAVA_LONG),
            u64("event_callback_eip"), u64("failsafe_callback_eip"), u64("syscall_callback_eip"),
            u64("vm_assist"),
            u64("fs_base"), u64("gs_base_kernel"), u64("gs_base_user"));
    public static final long SIZEOF = LAYOUT.byteSize();
    private static final long FPU_CTXT = offsetOf(LAYOUT, "fpu_ctxt");
    private static final long FLAGS = offsetOf(LAYOUT, "flags");
    private static final long USER_REGS = offsetOf(LAYOUT, "user_regs");
    private static final long TRAP_CTXT = offsetOf(LAYOUT, "trap_ctxt");
    private static final long LDT_BASE = offsetOf(LAYOUT, "ldt_base");
    private static final long LDT_ENTS = offsetOf(LAYOUT, "ldt_ents");
    private static final long GDT_FRAMES = offsetOf(LAYOUT, "gdt_frames");
    private static final long GDT_ENTS = offsetOf(LAYOUT, "gdt_ents");
    private static final long KERNEL_SS = offsetOf(LAYOUT, "kernel_ss");
    private static final long KERNEL_SP = offsetOf(LAYOUT, "kernel_sp");
    private static final long CTRLREG = offsetOf(LAYOUT, "ctrlreg");
    private static final long DEBUGREG = offsetOf(LAYOUT, "debugreg");
    private static final long EVENT_CALLBACK_EIP = offsetOf(LAYOUT, "event_callback_eip");
    private static final long FAILSAFE_CALLBACK_EIP = offsetOf(LAYOUT, "failsafe_callback_eip");
    private static final long SYSCALL_CALLBACK_EIP = offsetOf(LAYOUT, "syscall_callback_eip");
    private static final long VM_ASSIST = offsetOf(LAYOUT, "vm_assist");
    private static final long FS_BASE = offsetOf(LAYOUT, "fs_base");
    private static final long GS_BASE_KERNEL = offsetOf(LAYOUT, "gs_base_kernel");
    private static final long GS_BASE_USER = offsetOf(LAYOUT, "gs_base_user");

    private GuestContext() {
    }

    public static long flags(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FLAGS); }
    public static void flags(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + FLAGS, v); }
    public static long ldtBase(MemorySegment s, long base) { return s.get(JAVA_LONG, base + LDT_BASE); }
    public static void ldtBase(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + LDT_BASE, v); }
    public static long ldtEnts(MemorySegment s, long base) { return s.get(JAVA_LONG, base + LDT_ENTS); }
    public static void ldtEnts(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + LDT_ENTS, v); }
    public static long gdtFrames(MemorySegment s, long base, int i) {
        return s.get(JAVA_LONG, base + GDT_FRAMES + 8L * i);
    }
    public static void gdtFrames(MemorySegment s, long base, int i, long v) {
        s.set(JAVA_LONG, base + GDT_FRAMES + 8L * i, v);
    }
    public static long gdtEnts(MemorySegment s, long base) { return s.get(JAVA_LONG, base + GDT_ENTS); }
    public static void gdtEnts(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + GDT_ENTS, v); }
    public static long kernelSs(MemorySegment s, long base) { return s.get(JAVA_LONG, base + KERNEL_SS); }
    public static void kernelSs(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + KERNEL_SS, v); }
    public static long kernelSp(MemorySegment s, long base) { return s.get(JAVA_LONG, base + KERNEL_SP); }
    public static void kernelSp(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + KERNEL_SP, v); }
    public static long ctrlreg(MemorySegment s, long base, int i) { return s.get(JAVA_LONG, base + CTRLREG + 8L * i); }
    public static void ctrlreg(MemorySegment s, long base, int i, long v) {
        s.set(JAVA_LONG, base + CTRLREG + 8L * i, v);
    }
    public static long debugreg(MemorySegment s, long base, int i) {
        return s.get(JAVA_LONG, base + DEBUGREG + 8L * i);
    }
    public static void debugreg(MemorySegment s, long base, int i, long v) {
        s.set(JAVA_LONG, base + DEBUGREG + 8L * i, v);
    }
    public static long eventCallbackEip(MemorySegment s, long base) {
        return s.get(JAVA_LONG, base + EVENT_CALLBACK_EIP);
    }
    public static void eventCallbackEip(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + EVENT_CALLBACK_EIP, v);
    }
    public static long failsafeCallbackEip(MemorySegment s, long base) {
        return s.get(JAVA_LONG, base + FAILSAFE_CALLBACK_EIP);
    }
    public static void failsafeCallbackEip(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + FAILSAFE_CALLBACK_EIP, v);
    }
    public static long syscallCallbackEip(MemorySegment s, long base) {
        return s.get(JAVA_LONG, base + SYSCALL_CALLBACK_EIP);
    }
    public static void syscallCallbackEip(MemorySegment s, long base, long v) {
        s.set(JAVA_LONG, base + SYSCALL_CALLBACK_EIP, v);
    }
    public static long vmAssist(MemorySegment s, long base) { return s.get(JAVA_LONG, base + VM_ASSIST); }
    public static void vmAssist(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + VM_ASSIST, v); }
    public static long fsBase(MemorySegment s, long base) { return s.get(JAVA_LONG, base + FS_BASE); }
    public static void fsBase(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + FS_BASE, v); }
    public static long gsBaseKernel(MemorySegment s, long base) { return s.get(JAVA_LONG, base + GS_BASE_KERNEL); }
    public static void gsBaseKernel(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + GS_BASE_KERNEL, v); }
    public static long gsBaseUser(MemorySegment s, long base) { return s.get(JAVA_LONG, base + GS_BASE_USER); }
    public static void gsBaseUser(MemorySegment s, long base, long v) { s.set(JAVA_LONG, base + GS_BASE_USER, v); }

    /// Where the FXSAVE image of 512 bytes stands.
    public static long fpuCtxt(long base) {
        return base + FPU_CTXT;
    }

    /// Where the [XenUserRegs] stand.
    public static long userRegs(long base) {
        return base + USER_REGS;
    }

    /// Where entry `i` of the trap table stands, a [XenTrapInfo].
    public static long trapCtxt(long base, int i) {
        return base + TRAP_CTXT + XenTrapInfo.SIZEOF * i;
    }

    /// The frame of a CR3 value as this struct holds it.
    public static long cr3ToMfn(long cr3) {
        return cr3 >>> 12;
    }

    /// A CR3 value for a frame.
    public static long mfnToCr3(long mfn) {
        return mfn << 12;
    }
}
