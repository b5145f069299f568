package xenolith.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import xenolith.kvm.KvmSregs;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.emul.GuestRegisters;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.MonitorAbi;

/// Sends a trap, a system call or an upcall to the guest's kernel: builds the frame that Xen builds (`traps.c`,
/// `create_bounce_frame`), on the kernel's stack, and points the registers at the handler. The stubs of the monitor do
/// the same by themselves for the frequent ones.
///
/// Frame, from the lowest address: RCX, R11, error code if any, RIP, CS with the saved event mask in bits 32–39,
/// RFLAGS with IF as the guest believes it, RSP, SS.
final class Bounce {
    private static final long RFLAGS_IF = 0x200;
    private static final long RFLAGS_IOPL = 0x3000;
    private static final long RFLAGS_DF = 0x400;
    /// TF, NT, RF, VM, AC: cleared when a handler begins.
    private static final long CLEARED = 0x100 | 0x4000 | 0x1_0000 | 0x2_0000 | 0x4_0000;
    private static final int IOPL_SHIFT = 12;
    private static final int MOST_WORDS = 11;

    private final Vcpu vcpu;
    private final Domain domain;
    private final GuestCpu cpu;
    private final MemorySegment frame = Arena.ofAuto().allocate(MOST_WORDS * Long.BYTES, Long.BYTES);
    private int words;

    Bounce(Vcpu vcpu, GuestCpu cpu) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.cpu = cpu;
    }

    /// Delivers exception `vector`; false if the guest has no handler or no stack for it.
    boolean trap(int vector, boolean hasError, long error) {
        long handler = vcpu.traps().handler(vector);
        return handler != 0 && deliver(handler, hasError, error, vcpu.traps().masksEvents(vector), false);
    }

    /// Delivers the event callback.
    boolean upcall(long handler) {
        return deliver(handler, false, 0, true, false);
    }

    /// Delivers a system call of the user to the kernel's entry.
    boolean systemCall(long handler, boolean masksEvents) {
        return deliver(handler, false, 0, masksEvents, true);
    }

    /// Delivers the failsafe callback: the user cannot be entered at `cs`, or where it stands. Between R11 and RIP lie the
    /// selectors of DS, ES, FS and GS.
    boolean failsafe(long handler, boolean masksEvents, int cs) {
        begin();
        push(cpu.selector(KvmSregs.DS));
        push(cpu.selector(KvmSregs.ES));
        push(cpu.selector(KvmSregs.FS));
        push(cpu.selector(KvmSregs.GS));
        return deliver(handler, masksEvents, false, cs);
    }

    private boolean deliver(long handler, boolean hasError, long error, boolean maskEvents, boolean systemCall) {
        begin();
        if (hasError) {
            push(error);
        }
        return deliver(handler, maskEvents, systemCall, cpu.inKernel() ? MonitorAbi.GUEST_CS_RPL0 : cpu.cs());
    }

    private void begin() {
        words = 0;
        push(cpu.get(GuestRegisters.RCX));
        push(cpu.get(11));
    }

    private boolean deliver(long handler, boolean maskEvents, boolean systemCall, long cs) {
        domain.counters().bounce();
        boolean fromKernel = cpu.inKernel();
        boolean masked = vcpu.eventsMasked();
        long rflags = cpu.rflags() & ~(RFLAGS_IF | RFLAGS_IOPL);
        long shown = vcpu.domain().assists().architecturalIopl() ? (long) vcpu.iopl() << IOPL_SHIFT : 0;
        push(cpu.rip());
        push(cs & 0xffff | (masked ? 1L << 32 : 0));
        push((masked ? rflags : rflags | RFLAGS_IF) | shown);
        push(cpu.rsp());
        push(cpu.ss());
        long stack = (fromKernel ? cpu.rsp() : vcpu.kernelSp()) & -16;
        stack -= (long) words * Long.BYTES;
        long root = vcpu.window().kernelCr3() >>> MachineMemory.PAGE_SHIFT;
        if (!domain.guestMemory().copyOut(root, stack, frame, 0, (long) words * Long.BYTES)) {
            return false;
        }
        if (!fromKernel) {
            cpu.switchToKernel();
        } else if (cpu.inRing0() || cpu.cs() != MonitorAbi.GUEST_CS) {
            cpu.kernelSegments();
        }
        if (maskEvents) {
            vcpu.maskEvents(true);
        }
        cpu.rsp(stack);
        cpu.rip(handler);
        cpu.rflags(rflags & ~CLEARED & ~(systemCall ? RFLAGS_DF : 0));
        return true;
    }

    private void push(long word) {
        frame.setAtIndex(ValueLayout.JAVA_LONG, words++, word);
    }
}
