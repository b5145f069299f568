package xenolith.vmm.domain;

import xenolith.vmm.control.DomainLog.Trace;
import xenolith.vmm.mm.RefusalRecord;

/// Logs what the validator refuses, with the place in the guest that asked: `--trace refusals`. A guest that is refused
/// in a loop gets so many lines, and from then on the counts at every power of ten.
///
/// Lock: the domain's.
public final class RefusalTrace {
    static final long MOST_LINES = 100;
    private static final int TEN = 10;

    private final Domain domain;
    private final RefusalRecord refusals;
    private final boolean on;
    private long count;
    private long nextSummary = MOST_LINES * TEN;
    private int vcpuId;
    private long rip;

    RefusalTrace(Domain domain) {
        this.domain = domain;
        this.refusals = domain.pageTables().refusals();
        this.on = domain.log().traces(Trace.REFUSALS);
        if (on) {
            refusals.listener(this::refused);
        }
    }

    /// Vcpu `id` is about to ask for something, at `guestRip`.
    public void asks(int id, long guestRip) {
        vcpuId = id;
        rip = guestRip;
    }

    /// Whether anybody looks: [#asks] may be left out otherwise.
    public boolean isOn() {
        return on;
    }

    private void refused() {
        count++;
        if (count <= MOST_LINES) {
            String symbol = domain.symbol(rip);
            domain.log().line(String.format("vcpu%d refused %s, from 0x%x%s", vcpuId, refusals.format(), rip,
                    symbol.isEmpty() ? "" : " " + symbol));
        }
        if (count == MOST_LINES) {
            domain.log().line("more refusals are counted only");
        } else if (count == nextSummary) {
            nextSummary *= TEN;
            domain.log().line("refused so far: " + refusals.formatCounts());
        }
    }
}
