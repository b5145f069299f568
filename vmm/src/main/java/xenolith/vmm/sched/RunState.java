package xenolith.vmm.sched;

import xenolith.abi.XenVcpu;

/// How long a vcpu has been running, runnable, blocked and offline (`vcpu_runstate_info`, `xen/vcpu.h`).
///
/// It is never seen in the state *runnable*: what the host took from it while it ran is added to that time, and taken off
/// the other, when we learn of it. Guests call it stolen.
///
/// Lock: the domain's.
public final class RunState implements AutoCloseable {
    private static final int STATES = 4;

    private final GuestClock clock;
    private final RunDelay delay;
    private final long[] timeNs = new long[STATES];
    private int state = XenVcpu.RUNSTATE_OFFLINE;
    private long enteredNs;
    private long stolenInStayNs;

    public RunState(GuestClock clock) {
        this.clock = clock;
        this.delay = new RunDelay(clock);
    }

    /// Called on the vcpu's thread, once.
    public void attach(int tid) {
        attach("/proc/self/task/" + tid + "/schedstat");
    }

    void attach(String schedstat) {
        delay.attach(schedstat);
    }

    public void enter(int newState) {
        steal(delay.sinceLastLookNs());
        long now = clock.nowNs();
        timeNs[state] += Math.max(0, now - enteredNs - stolenInStayNs);
        state = newState;
        enteredNs = now;
        stolenInStayNs = 0;
    }

    /// Asks the host what it took, unless that was asked just now; answers whether there was anything. Of one that does
    /// not run the next [#enter] asks: its thread may be giving its processor away just now, and has not said so yet.
    public boolean noteStolen() {
        return state == XenVcpu.RUNSTATE_RUNNING && steal(delay.sinceLastLookNs());
    }

    /// The vcpu had nothing to do for so long, and its thread waited for a processor only because it looked for something.
    public void given(long ns) {
        delay.forgive(ns);
    }

    /// The host had the vcpu wait for so long, whatever it is doing now.
    boolean steal(long ns) {
        timeNs[XenVcpu.RUNSTATE_RUNNABLE] += ns;
        if (state == XenVcpu.RUNSTATE_RUNNING) {
            stolenInStayNs += ns;
        }
        return ns > 0;
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

    /// How long the present stay is so far, but for what was stolen of it.
    public long presentStayNs() {
        return Math.max(0, clock.nowNs() - enteredNs - stolenInStayNs);
    }

    @Override
    public void close() {
        delay.close();
    }
}
