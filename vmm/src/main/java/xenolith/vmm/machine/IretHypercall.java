package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.abi.XenCallback;
import xenolith.abi.XenIretContext;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.mm.PageWalk;
import xenolith.vmm.monitor.MonitorAbi;

/// The iret hypercall where the stub leaves it to Java: an event is pending, the flags are unusual, or the segments
/// are (`pv/iret.c`).
final class IretHypercall {
    private static final int GENERAL_PROTECTION = 13;
    private static final int USER_CS = 0x33;
    private static final int USER_CS32 = 0x23;
    private static final int USER_SS = 0x2b;
    private static final long RFLAGS_IF = 0x200;
    private static final int IOPL_SHIFT = 12;
    /// IOPL, NT, VM, VIF, VIP are not the guest's to set.
    private static final long RFLAGS_FORBIDDEN = 0x3000 | 0x4000 | 0x2_0000 | 0x18_0000;

    private final Vcpu vcpu;
    private final GuestCpu cpu;
    private final Bounce bounce;
    private final MemorySegment context = Arena.ofAuto().allocate(XenIretContext.SIZEOF, Long.BYTES);

    IretHypercall(Vcpu vcpu, GuestCpu cpu, Bounce bounce) {
        this.bounce = bounce;
        this.vcpu = vcpu;
        this.cpu = cpu;
    }

    /// Loads the registers that the guest's kernel left on its stack; crashes it if they cannot be had.
    void perform() {
        long root = vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
        MemorySegment c = context;
        if (!vcpu.domain().guestMemory().copyIn(root, vcpu.window().callerRsp(), c, 0, XenIretContext.SIZEOF)) {
            Crash.of(vcpu, cpu, "iret from a stack that is not mapped");
            return;
        }
        long rflags = XenIretContext.rflags(c, 0);
        int cs = (int) XenIretContext.cs(c, 0) & 0xffff;
        boolean toUser = (cs & 3) == 3;
        if (toUser && vcpu.window().userCr3() == 0) {
            Crash.of(vcpu, cpu, "iret to user mode without user page tables");
            return;
        }
        long rip = XenIretContext.rip(c, 0);
        if (!toUser && !PageWalk.isGuestAddress(rip)) {
            Crash.of(vcpu, cpu, "iret to 0x" + Long.toHexString(rip) + " in kernel mode");
            return;
        }
        vcpu.nmi().handled();
        if (vcpu.domain().assists().architecturalIopl()) {
            vcpu.iopl((int) (rflags >>> IOPL_SHIFT) & 3);
        }
        cpu.set(GuestRegisters.RAX, XenIretContext.rax(c, 0));
        cpu.set(11, XenIretContext.r11(c, 0));
        cpu.set(GuestRegisters.RCX, XenIretContext.rcx(c, 0));
        cpu.rip(rip << 16 >> 16);
        cpu.rsp(XenIretContext.rsp(c, 0));
        cpu.rflags(rflags & ~RFLAGS_FORBIDDEN);
        vcpu.maskEvents(!toUser && (rflags & RFLAGS_IF) == 0);
        if (toUser) {
            toUser(cs, (int) XenIretContext.ss(c, 0) & 0xffff, rip);
        }
    }

    /// A process can ask its kernel for any selector and address: those that the processor would refuse are the
    /// process's general-protection fault.
    private void toUser(int cs, int ss, long rip) {
        boolean acceptable = cs == USER_CS || cs == USER_CS32 || cs == MonitorAbi.GUEST_CS
                || cs == MonitorAbi.GUEST_CS32;
        boolean canonical = rip << 16 >> 16 == rip;
        cpu.switchToUser(acceptable ? cs : MonitorAbi.GUEST_CS, ss == USER_SS ? USER_SS : MonitorAbi.GUEST_SS);
        if ((!acceptable || !canonical) && !refuse(cs, acceptable)) {
            Crash.of(vcpu, cpu, "iret to user mode at cs 0x" + Integer.toHexString(cs) + " and no handler for it");
        }
    }

    /// Xen calls the failsafe callback, with the frame that was refused and the selectors that were loaded. A guest that
    /// finds other selectors loaded tries again, for ever; so where we do not know them, and where there is no callback,
    /// it gets the exception.
    private boolean refuse(int cs, boolean acceptable) {
        long failsafe = vcpu.traps().callback(XenCallback.CALLBACKTYPE_FAILSAFE);
        return failsafe != 0 && cpu.tellsSelectors()
                ? bounce.failsafe(failsafe, vcpu.traps().callbackMasksEvents(XenCallback.CALLBACKTYPE_FAILSAFE), cs)
                : bounce.trap(GENERAL_PROTECTION, true, acceptable ? 0 : cs & 0xfffc);
    }
}
