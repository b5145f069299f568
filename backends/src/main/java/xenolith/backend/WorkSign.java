package xenolith.backend;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// By which a backend's thread shows its domain that it wants a processor ([xenolith.vmm.port.DeviceAccess#working]):
/// the domain is told once of the beginning and once of the end, however often they are said. Any thread may say them.
public final class WorkSign {
    /// How long a thread waits, asleep, before it says that its work has ended. What comes piece by piece is work all
    /// the time: whoever makes room for us shall not change his mind for each.
    public static final long LINGER_NS = 20_000_000;

    private final Consumer<Boolean> told;
    private final AtomicBoolean shown = new AtomicBoolean();

    /// @param told called with true at a beginning, with false at an end, by whoever said so
    public WorkSign(Consumer<Boolean> told) {
        this.told = told;
    }

    public void begins() {
        show(true);
    }

    public void ends() {
        show(false);
    }

    /// Whether work has begun, and not ended since.
    public boolean isShown() {
        return shown.get();
    }

    private void show(boolean yes) {
        if (shown.get() != yes && shown.compareAndSet(!yes, yes)) {
            told.accept(yes);
        }
    }
}
