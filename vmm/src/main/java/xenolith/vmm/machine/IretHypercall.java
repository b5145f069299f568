package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.abi.XenIretContext;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.guest.MachineMemory;

/// The iret hypercall where the stub leaves it to Java: an event is pending, the flags are unusual, or the segments
/// are (`pv/iret.c`).
final class IretHypercall {
    private static final long RFLAGS_IF = 0x200;
    /// IOPL, VM, VIF, VIP are not the guest's to set.
    private static final long RFLAGS_FORBIDDEN = 0x3000 | 0x2_0000 | 0x18_0000;

    private final Vcpu vcpu;
    private final GuestCpu cpu;
    private final MemorySegment context = Arena.ofAuto().allocate(XenIretContext.SIZEOF, Long.BYTES);

    IretHypercall(Vcpu vcpu, GuestCpu cpu) {
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
        cpu.set(GuestRegisters.RAX, XenIretContext.rax(c, 0));
        cpu.set(11, XenIretContext.r11(c, 0));
        cpu.set(GuestRegisters.RCX, XenIretContext.rcx(c, 0));
        cpu.rip(XenIretContext.rip(c, 0));
        cpu.rsp(XenIretContext.rsp(c, 0));
        cpu.rflags(rflags & ~RFLAGS_FORBIDDEN);
        vcpu.maskEvents((rflags & RFLAGS_IF) == 0);
        if (toUser) {
            cpu.switchToUser(cs, (int) XenIretContext.ss(c, 0) & 0xffff);
        }
    }
}
