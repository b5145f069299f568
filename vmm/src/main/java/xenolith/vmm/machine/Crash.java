package xenolith.vmm.machine;

import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.domain.Vcpu;

/// Ends a domain for what its guest, or we, did wrong.
final class Crash {
    private Crash() {
    }

    /// @param cpu its registers if they are at hand, else null
    static void of(Vcpu vcpu, GuestCpu cpu, String reason) {
        StringBuilder report = new StringBuilder("vcpu " + vcpu.id() + ":\n");
        if (cpu != null) {
            report.append(cpu.describe());
            place(report, vcpu, "rip", cpu.rip());
        }
        place(report, vcpu, "last hypercall", vcpu.window().callerRip());
        report.append("last hypercalls, the latest at the end:\n").append(vcpu.history().describe());
        if (vcpu.domain().pageTables().refusals().total() > 0) {
            report.append("refusals: ").append(vcpu.domain().pageTables().refusals().formatCounts()).append('\n');
            report.append("last refusal: ").append(vcpu.domain().pageTables().refusals().format()).append('\n');
        }
        vcpu.domain().end(new DomainEnd.Crashed(reason, report.toString()));
    }

    /// Names an address if the kernel has a symbol for it.
    private static void place(StringBuilder report, Vcpu vcpu, String what, long va) {
        String symbol = vcpu.domain().symbol(va);
        if (!symbol.isEmpty()) {
            report.append(what).append(" at ").append(symbol).append('\n');
        }
    }
}
