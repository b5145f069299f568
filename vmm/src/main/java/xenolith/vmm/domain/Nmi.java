package xenolith.vmm.domain;

/// A vcpu's non-maskable interrupt: pending or not, and held back while the handler of the last one runs, which an iret
/// hypercall ends.
///
/// Lock: the domain's.
public final class Nmi {
    private final Runnable changed;
    private boolean pending;
    private boolean masked;

    /// @param changed run when [#isMasked] has changed
    Nmi(Runnable changed) {
        this.changed = changed;
    }

    public void raise() {
        pending = true;
    }

    public boolean isDue() {
        return pending && !masked;
    }

    boolean isMasked() {
        return masked;
    }

    /// It is delivered, if the guest has a handler, else lost.
    public void take(boolean delivered) {
        pending = false;
        mask(delivered);
    }

    /// The guest made an iret hypercall.
    public void handled() {
        if (masked) {
            mask(false);
        }
    }

    private void mask(boolean yes) {
        masked = yes;
        changed.run();
    }
}
