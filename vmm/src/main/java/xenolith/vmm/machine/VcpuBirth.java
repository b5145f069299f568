package xenolith.vmm.machine;

import java.lang.foreign.MemorySegment;
import xenolith.abi.GuestContext;
import xenolith.abi.XenCallback;
import xenolith.abi.XenErrno;
import xenolith.abi.XenTrapInfo;
import xenolith.abi.XenUserRegs;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.GuestGdts;
import xenolith.vmm.domain.GuestLdts;
import xenolith.vmm.domain.TrapTable;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.mm.DescriptorTables;
import xenolith.vmm.mm.PageWalk;

/// The state that a vcpu starts with, from a `vcpu_guest_context` (`arch-x86/xen.h`) that the guest gave.
///
/// A frame's selectors are not looked at: a kernel starts on the flat segments, whatever it named.
final class VcpuBirth {
    private static final int GENERAL_REGISTERS = 16;
    private static final int PAGE_FAULT = 14;
    private static final int IOPL_SHIFT = 12;
    private static final long ARITHMETIC_AND_DIRECTION = 0xcd5;

    private final Domain domain;
    private final Vcpu vcpu;
    private final MemorySegment context;
    private final long[] frames = new long[DescriptorTables.GDT_FRAMES];

    VcpuBirth(Vcpu vcpu, MemorySegment context) {
        this.domain = vcpu.domain();
        this.vcpu = vcpu;
        this.context = context;
    }

    /// Takes what must be taken (roots, descriptor tables), all or nothing: 0, a negative errno or RETRY.
    long take() {
        MemorySegment c = context;
        long entries = GuestContext.gdtEnts(c, 0);
        if (entries < 0 || entries > DescriptorTables.GDT_ENTRIES
                || !GuestLdts.isAcceptable(GuestContext.ldtBase(c, 0), GuestContext.ldtEnts(c, 0))
                || (GuestContext.flags(c, 0) & GuestContext.VGCF_IN_KERNEL) == 0) {
            return -XenErrno.EINVAL;
        }
        if (!handlersAreGuests()) {
            return -XenErrno.EINVAL;
        }
        int gdtFrames = (int) ((entries + GuestGdts.ENTRIES_PER_FRAME - 1) / GuestGdts.ENTRIES_PER_FRAME);
        for (int i = 0; i < gdtFrames; i++) {
            frames[i] = GuestContext.gdtFrames(c, 0, i);
        }
        long kernelMfn = GuestContext.cr3ToMfn(GuestContext.ctrlreg(c, 0, 3));
        long userMfn = GuestContext.cr3ToMfn(GuestContext.ctrlreg(c, 0, 1));
        long rc = takeRoots(kernelMfn, userMfn);
        if (rc < 0) {
            return rc;
        }
        rc = domain.gdts().set(vcpu.id(), frames, gdtFrames);
        if (rc == 0) {
            rc = domain.ldts().set(vcpu.id(), kernelMfn, GuestContext.ldtBase(c, 0), GuestContext.ldtEnts(c, 0));
        }
        if (rc < 0) {
            domain.gdts().set(vcpu.id(), frames, 0);
            domain.roots().dropBoth(vcpu);
        }
        return rc;
    }

    private boolean handlersAreGuests() {
        MemorySegment c = context;
        for (int i = 0; i < TrapTable.VECTORS; i++) {
            if (!isHandler(XenTrapInfo.address(c, GuestContext.trapCtxt(0, i)))) {
                return false;
            }
        }
        return isHandler(GuestContext.eventCallbackEip(c, 0)) && isHandler(GuestContext.failsafeCallbackEip(c, 0))
                && isHandler(GuestContext.syscallCallbackEip(c, 0))
                && PageWalk.isGuestAddress(XenUserRegs.rip(c, GuestContext.userRegs(0)));
    }

    private static boolean isHandler(long va) {
        return va == 0 || PageWalk.isGuestAddress(va);
    }

    private long takeRoots(long kernelMfn, long userMfn) {
        long rc = domain.roots().loadKernel(vcpu, kernelMfn);
        if (rc >= 0 && userMfn != 0) {
            rc = domain.roots().loadUser(vcpu, userMfn);
            if (rc < 0) {
                domain.roots().dropBoth(vcpu);
            }
        }
        return rc;
    }

    /// Sets traps, callbacks, stack and registers; cannot fail.
    void apply(GuestCpu cpu) {
        MemorySegment c = context;
        for (int i = 0; i < TrapTable.VECTORS; i++) {
            long trap = GuestContext.trapCtxt(0, i);
            if (XenTrapInfo.address(c, trap) != 0) {
                vcpu.traps().set(XenTrapInfo.vector(c, trap), XenTrapInfo.flags(c, trap), XenTrapInfo.address(c, trap));
            }
        }
        vcpu.window().pageFaultEntry(vcpu.traps().handler(PAGE_FAULT), vcpu.traps().masksEvents(PAGE_FAULT));
        long flags = GuestContext.flags(c, 0);
        callback(XenCallback.CALLBACKTYPE_EVENT, GuestContext.eventCallbackEip(c, 0), true);
        callback(XenCallback.CALLBACKTYPE_FAILSAFE, GuestContext.failsafeCallbackEip(c, 0),
                (flags & GuestContext.VGCF_FAILSAFE_DISABLES_EVENTS) != 0);
        callback(XenCallback.CALLBACKTYPE_SYSCALL, GuestContext.syscallCallbackEip(c, 0),
                (flags & GuestContext.VGCF_SYSCALL_DISABLES_EVENTS) != 0);
        vcpu.kernelSp(GuestContext.kernelSp(c, 0));
        vcpu.window().userGs(GuestContext.gsBaseUser(c, 0));
        registers(cpu);
    }

    private void callback(int type, long va, boolean masks) {
        vcpu.traps().setCallback(type, va, masks);
        if (type == XenCallback.CALLBACKTYPE_EVENT) {
            vcpu.window().eventEntry(va);
        } else if (type == XenCallback.CALLBACKTYPE_SYSCALL) {
            vcpu.window().syscallEntry(va, masks);
        }
    }

    private void registers(GuestCpu cpu) {
        MemorySegment c = context;
        long regs = GuestContext.userRegs(0);
        cpu.reset();
        for (int i = 0; i < GENERAL_REGISTERS; i++) {
            cpu.set(i, general(c, regs, i));
        }
        cpu.rip(XenUserRegs.rip(c, regs));
        long rflags = XenUserRegs.rflags(c, regs);
        vcpu.iopl((int) (rflags >>> IOPL_SHIFT) & 3);
        cpu.rflags(rflags & ARITHMETIC_AND_DIRECTION);
        cpu.fsBase(GuestContext.fsBase(c, 0) << 16 >> 16);
        cpu.gsBase(GuestContext.gsBaseKernel(c, 0) << 16 >> 16);
    }

    /// By the hardware's numbers.
    private static long general(MemorySegment c, long regs, int number) {
        return switch (number) {
            case GuestRegisters.RAX -> XenUserRegs.rax(c, regs);
            case GuestRegisters.RCX -> XenUserRegs.rcx(c, regs);
            case GuestRegisters.RDX -> XenUserRegs.rdx(c, regs);
            case GuestRegisters.RBX -> XenUserRegs.rbx(c, regs);
            case GuestRegisters.RSP -> XenUserRegs.rsp(c, regs);
            case GuestRegisters.RBP -> XenUserRegs.rbp(c, regs);
            case GuestRegisters.RSI -> XenUserRegs.rsi(c, regs);
            case GuestRegisters.RDI -> XenUserRegs.rdi(c, regs);
            case 8 -> XenUserRegs.r8(c, regs);
            case 9 -> XenUserRegs.r9(c, regs);
            case 10 -> XenUserRegs.r10(c, regs);
            case 11 -> XenUserRegs.r11(c, regs);
            case 12 -> XenUserRegs.r12(c, regs);
            case 13 -> XenUserRegs.r13(c, regs);
            case 14 -> XenUserRegs.r14(c, regs);
            default -> XenUserRegs.r15(c, regs);
        };
    }
}
