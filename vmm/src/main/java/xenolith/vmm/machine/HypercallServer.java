package xenolith.vmm.machine;

import xenolith.abi.XenErrno;
import xenolith.vmm.domain.Domain;
import xenolith.vmm.domain.RefusalTrace;
import xenolith.vmm.control.DomainLog.Trace;
import xenolith.vmm.domain.Vcpu;
import xenolith.vmm.hypercall.CallContext;
import xenolith.vmm.hypercall.Hypercalls;
import xenolith.vmm.hypercall.VcpuControl;
import xenolith.vmm.monitor.CommitQueue;
import xenolith.vmm.monitor.MonitorAbi;
import xenolith.vmm.monitor.MonitorWindow;

/// Answers the hypercalls that a vcpu's stub posts in its mailbox. Two threads call it, never at once since both hold
/// the domain's lock: the poller while the vcpu spins, the vcpu's own thread after the doorbell.
final class HypercallServer {
    private final Vcpu vcpu;
    private final Domain domain;
    private final MonitorWindow window;
    private final CommitQueue commits;
    private final Hypercalls hypercalls;
    private final CallContext context;
    private final RefusalTrace refusals;
    private final boolean tracing;

    private static final long NOTHING = -1;

    private volatile long served;
    /// The call that the poller left, perhaps half done, to the vcpu's thread.
    private volatile long handedOver = NOTHING;
    private boolean polled;
    private int late;
    private boolean unfinished;
    /// A commit outside a hypercall was too long for one list.
    private boolean resuming;
    private long resumeRsp;
    private long result;
    private long number;
    private final long[] arguments = new long[5];

    HypercallServer(Vcpu vcpu, Hypercalls hypercalls, VcpuControl control) {
        this.vcpu = vcpu;
        this.domain = vcpu.domain();
        this.window = vcpu.window();
        this.commits = domain.commits();
        this.hypercalls = hypercalls;
        this.context = new CallContext(vcpu, control);
        this.refusals = domain.refusalTrace();
        this.tracing = domain.log().traces(Trace.HYPERCALLS);
    }

    /// Whether the call with this sequence number has been answered already.
    boolean hasServed(long sequence) {
        return sequence == served;
    }

    /// Whether the call that was answered last is over, and leaves the stub nothing to do but to return.
    boolean isPlainlyAnswered() {
        return !unfinished && context.actions() == 0;
    }

    long result() {
        return result;
    }

    /// Says that a poller serves too.
    void hasPoller() {
        polled = true;
    }

    /// Whether the call that rang is one that the poller ought to have answered.
    boolean isLate() {
        return polled && window.sequence() != handedOver;
    }

    /// How many calls in a row the poller was too late for: it seems not to have a core to itself.
    int late() {
        return late;
    }

    /// The poller rests, and starts afresh.
    void forgetLate() {
        late = 0;
    }

    /// Whether the poller has left this call to the vcpu's thread.
    boolean isHandedOver(long sequence) {
        return sequence == handedOver;
    }

    /// Serves the posted call for the poller: answers it, or tells the stub to ring.
    void servePolled() {
        long sequence = window.sequence();
        if (!commitsProven()) {
            return;
        }
        if (resuming) {
            handedOver = sequence;
            window.answer(sequence, 0, MonitorAbi.ACT_RING);
            return;
        }
        context.polled(true);
        if (!call(false)) {
            commits.owe(vcpu.id());
            handedOver = sequence;
            window.answer(sequence, 0, MonitorAbi.ACT_RING);
            return;
        }
        served = sequence;
        late = 0;
        domain.counters().polledCall();
        int actions = context.actions();
        if (commits.isNeeded(vcpu.id())) {
            boolean more = domain.prepareCommit(vcpu, window.callerRsp());
            actions |= MonitorAbi.ACT_COMMIT | (more || unfinished ? MonitorAbi.ACT_AGAIN : 0);
        }
        window.answer(sequence, result, actions);
    }

    /// Serves the posted call on the vcpu's own thread, which stands at the stub's doorbell; the commit, if one is
    /// needed, is then the caller's to enter.
    ///
    /// @return what is left for the vcpu's thread to do: `ACT_COMMIT` and with it perhaps `ACT_FS_BASE`
    int serveRung() {
        long sequence = window.sequence();
        if (!commitsProven()) {
            return 0;
        }
        if (resuming) {
            served = sequence;
            handedOver = NOTHING;
            window.answer(sequence, 0, prepareResume(resumeRsp));
            return MonitorAbi.ACT_COMMIT;
        }
        context.polled(false);
        if (!call(sequence == handedOver)) {
            throw new IllegalStateException("hypercall " + number + " asks for the thread that it has");
        }
        if (sequence != handedOver && window.poller()) {
            late++;
        }
        served = sequence;
        handedOver = NOTHING;
        int actions = context.actions();
        if (!commits.isNeeded(vcpu.id())) {
            window.answer(sequence, result, actions);
            return 0;
        }
        boolean more = domain.prepareCommit(vcpu, window.callerRsp());
        window.answer(sequence, result, more || unfinished ? MonitorAbi.ACT_AGAIN : 0);
        return actions | MonitorAbi.ACT_COMMIT;
    }

    /// Prepares a commit outside a hypercall; returns the stub's action after it.
    int prepareResume(long rsp) {
        resumeRsp = rsp;
        resuming = domain.prepareCommit(vcpu, rsp);
        return MonitorAbi.ACT_RESUME | (resuming ? MonitorAbi.ACT_AGAIN : 0);
    }

    /// Whether the guest went through the commit that was last prepared for it. It can avoid that only by not being
    /// where it pretends to be, in the stub: then it is crashed, for it may hold translations that we took back.
    boolean commitsProven() {
        if (!domain.settleCommits(vcpu)) {
            Crash.of(vcpu, null, "the guest's kernel evaded a page-table commit");
            return false;
        }
        return true;
    }

    /// Begins a call or goes on with one that is unfinished or `takenOver`; false if it needs the vcpu's thread.
    private boolean call(boolean takenOver) {
        long nr = window.hypercallNumber();
        if (nr != MonitorAbi.COMMIT_AGAIN && !takenOver) {
            number = nr;
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = window.argument(i);
            }
            context.begin();
            unfinished = true;
            result = -XenErrno.ENOSYS;
        }
        if (!unfinished) {
            return true;
        }
        if (refusals.isOn()) {
            refusals.asks(vcpu.id(), window.callerRip());
        }
        long rc = hypercalls.dispatch(context, number, arguments[0], arguments[1], arguments[2], arguments[3],
                arguments[4]);
        if (rc == CallContext.RING) {
            return false;
        }
        unfinished = rc == CallContext.AGAIN;
        if (unfinished) {
            commits.require();
            return true;
        }
        result = rc;
        vcpu.history().record(number, arguments[0], arguments[1], window.callerRip(), rc);
        if (tracing) {
            trace();
        }
        return true;
    }

    private void trace() {
        domain.log().line(String.format("vcpu%d hypercall %d(0x%x, 0x%x, 0x%x) = %d from 0x%x", vcpu.id(), number,
                arguments[0], arguments[1], arguments[2], result, window.callerRip()));
    }
}
