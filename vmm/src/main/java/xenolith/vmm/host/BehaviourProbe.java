package xenolith.vmm.host;

import java.util.ArrayList;
import java.util.List;
import xenolith.posix.NativeCode;
import xenolith.vmm.monitor.MonitorAbi;

/// The probes that say what the host does.
final class BehaviourProbe {
    private static final long SLOT_BYTES = 1L << 39;
    private static final int LEAF_HYPERVISOR = 0x4000_0000;
    private static final int RPL = 3;
    private static final int DEBUG = 1;

    private final ProbeGuest guest;
    private final ProbeMemory memory;

    BehaviourProbe(ProbeGuest guest) {
        this.guest = guest;
        this.memory = guest.memory();
    }

    Behaviour behaviour() {
        Answer ripAdvances = mmioWriteAdvancesRip();
        EntryProbe entries = new EntryProbe(guest);
        return new Behaviour(syscallLands(), int80Vector(), entries.hostWritesCoherent(), entries.hostUpgradesSeen(),
                entries.commitsSeen(), usableSlots(), cpuidIntercepted(), tlsSelectorsLoad(), tscIsHosts(),
                ripAdvances, breakpointsWork());
    }

    private Answer mmioWriteAdvancesRip() {
        if (guest.run("probe_exit") != memory.image.symbol("bell_exit")) {
            return Answer.UNKNOWN;
        }
        long rip = guest.rip();
        return Answer.of(rip == memory.va("probe_exit_after"), rip == memory.va("probe_exit"));
    }

    private Behaviour.Ring syscallLands() {
        guest.enableSyscall(false);
        Behaviour.Ring unasked = ringOfSyscall();
        guest.enableSyscall(true);
        return unasked == Behaviour.Ring.RING3 ? Behaviour.Ring.RING3_ALWAYS : ringOfSyscall();
    }

    private Behaviour.Ring ringOfSyscall() {
        if (!guest.isDone(guest.run("probe_syscall"))) {
            return Behaviour.Ring.UNKNOWN;
        }
        return switch ((int) guest.rax() & RPL) {
            case 0 -> Behaviour.Ring.RING0;
            case RPL -> Behaviour.Ring.RING3;
            default -> Behaviour.Ring.UNKNOWN;
        };
    }

    private int int80Vector() {
        int end = guest.run("probe_int80");
        return end >= 0 && end <= Behaviour.LAST_VECTOR ? end : Behaviour.UNKNOWN_VECTOR;
    }

    /// Reads the same page by way of each slot; none if one of them gave no answer.
    private List<Integer> usableSlots() {
        List<Integer> usable = new ArrayList<>();
        for (int slot = Behaviour.FIRST_SLOT; slot <= Behaviour.LAST_SLOT; slot++) {
            long va = memory.va("data") + (slot - MonitorAbi.L4_SLOT) * SLOT_BYTES;
            int end = guest.run("probe_read", 0, va, 0);
            if (end == ProbeGuest.NO_END) {
                return List.of();
            }
            if (guest.isDone(end)) {
                usable.add(slot);
            }
        }
        return usable;
    }

    private Answer cpuidIntercepted() {
        if (!guest.isDone(guest.run("probe_cpuid", LEAF_HYPERVISOR, 0, 0))) {
            return Answer.UNKNOWN;
        }
        return Answer.of((int) guest.rbx() == ProbeGuest.SIGNATURE_EBX
                && (int) guest.rcx() == ProbeGuest.SIGNATURE_ECX);
    }

    /// A refusal by an exception is a no, too.
    private Answer tlsSelectorsLoad() {
        int end = guest.run("probe_tls");
        if (end == ProbeGuest.NO_END) {
            return Answer.UNKNOWN;
        }
        return Answer.of(guest.isDone(end) && (int) guest.rax() == memory.image.symbol("tls_selector"));
    }

    /// A breakpoint on a store, with another store before it that is none.
    private Answer breakpointsWork() {
        long va = memory.va("data");
        if (!guest.breakOnStore(va)) {
            return Answer.NO;
        }
        boolean othersPass = guest.isDone(guest.run("probe_write", 0, va + Long.BYTES, 0));
        int end = guest.run("probe_write", 0, va, 0);
        guest.breakNowhere();
        return othersPass ? Answer.of(end == DEBUG, guest.isDone(end)) : Answer.UNKNOWN;
    }

    private Answer tscIsHosts() {
        long before = NativeCode.rdtsc();
        int end = guest.run("probe_tsc");
        long after = NativeCode.rdtsc();
        if (!guest.isDone(end)) {
            return Answer.UNKNOWN;
        }
        return Answer.of(guest.rax() >= before && guest.rax() <= after);
    }
}
