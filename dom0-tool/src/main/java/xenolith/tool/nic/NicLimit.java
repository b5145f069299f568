package xenolith.tool.nic;

import java.util.Optional;
import xenolith.backend.net.Credit;

/// How much the guest may send through an interface, which may change while it does.
public final class NicLimit {
    /// In the place of a rate: there is none.
    static final String NONE = "none";

    private final Credit credit = Credit.unlimited();
    private volatile Optional<NicRate> rate = Optional.empty();

    public NicLimit(Optional<NicRate> rate) {
        change(rate);
    }

    /// For the interface's driver.
    public Credit credit() {
        return credit;
    }

    void change(Optional<NicRate> wanted) {
        rate = wanted;
        wanted.ifPresentOrElse(some -> credit.change(some.bytesPerPeriod(), some.periodUs()), credit::lift);
    }

    /// As the store has it: bytes in a period, a comma, the period's microseconds; empty without a limit.
    String text() {
        return rate.map(some -> some.bytesPerPeriod() + "," + some.periodUs()).orElse("");
    }
}
