package xenolith.vmm.sched;

import xenolith.abi.XenVcpu;

/// How long a vcpu has been running, runnable, blocked and offline (`vcpu_runstate_info`, `xen/vcpu.h`).
///
/// Lock: the domain's.
public final class RunState {
    private static final int STATES = 4;

    private final GuestClock clock;
    private final long[] timeNs = new long[STATES];
    private int state = XenVcpu.RUNSTATE_OFFLINE;
    private long enteredNs;

    public RunState(GuestClock clock) {
        this.clock = clock;
    }

    public void enter(int newState) {
        long now = clock.nowNs();
        timeNs[state] += now - enteredNs;
        state = newState;
        enteredNs = now;
    }

    public int state() {
        return state;
    }

    /// System time at which the present state was entered.
    public long enteredNs() {
        return enteredNs;
    }

    /// Time spent in `which`, without the present stay.
    public long timeNs(int which) {
        return timeNs[which];
    }
}
