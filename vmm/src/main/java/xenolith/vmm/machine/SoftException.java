package xenolith.vmm.machine;

import xenolith.vmm.domain.Domain;
import xenolith.vmm.guest.MachineMemory;
import xenolith.vmm.monitor.MonitorWindow;

/// Finds a breakpoint or overflow trap that KVM still has to deliver. KVM_GET_VCPU_EVENTS leaves out what an instruction
/// raises, since who has not got past the instruction raises it again. Hosts without virtualisation have got past it: the
/// guest's RIP is behind it, and were it changed now, the trap would be lost, or be delivered one byte before where the
/// vcpu was sent.
///
/// For one vcpu's thread.
final class SoftException {
    private static final int BREAKPOINT = 3;
    private static final int OVERFLOW = 4;
    private static final int INT3 = 0xcc;
    private static final int INTO = 0xce;
    private static final int INT = 0xcd;
    /// A vcpu may stand behind such an instruction for long, with nothing to be delivered. Each look is an entry, in which
    /// KVM delivers what it has unless another kick comes first; after so many none is left.
    private static final int MOST_LOOKS = 8;

    private final Domain domain;
    private final GuestCpu cpu;
    private final MonitorWindow window;
    private int looks;

    SoftException(Domain domain, GuestCpu cpu, MonitorWindow window) {
        this.domain = domain;
        this.cpu = cpu;
        this.window = window;
    }

    /// Whether one may be on its way, so that the registers must be left alone. After a kick.
    boolean maybeQueued() {
        int last = cpu.lastException();
        if ((last == BREAKPOINT || last == OVERFLOW) && isBehindOne() && looks < MOST_LOOKS) {
            looks++;
            return true;
        }
        looks = 0;
        return false;
    }

    /// The vcpu has exited for something else: whatever was on its way has arrived.
    void arrived() {
        looks = 0;
    }

    private boolean isBehindOne() {
        int last = byteBefore(1);
        return last == INT3 || last == INTO || (last == BREAKPOINT || last == OVERFLOW) && byteBefore(2) == INT;
    }

    /// The byte so far before RIP, or -1 if there is none.
    private int byteBefore(int distance) {
        long root = (cpu.inKernel() ? window.kernelCr3() : window.userCr3()) >>> MachineMemory.PAGE_SHIFT;
        return domain.guestMemory().readByte(root, cpu.rip() - distance);
    }
}
