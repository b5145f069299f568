package xenolith.vmm.monitor;

/// Keeps book of commits under way. Ring 0 says in the super page of the vcpu's window, which the guest cannot write, that
/// it has run down the list; with several vcpus, commits overlap, and a later one settles nothing while an earlier one
/// has not been proven.
///
/// Lock: the domain's.
public final class CommitProofs {
    /// What a commit of only a part of the list settles.
    static final long NOTHING_SETTLED = 0;

    private final long[] order;
    private final long[] epoch;
    private final boolean[] due;
    private long nextOrder = 1;
    private long candidateOrder;
    private long candidateEpoch;

    CommitProofs(int vcpuCount) {
        order = new long[vcpuCount];
        epoch = new long[vcpuCount];
        due = new boolean[vcpuCount];
    }

    /// Vcpu `id` is about to be sent through a commit that settles `settles`.
    void prepared(int id, long settles) {
        order[id] = nextOrder++;
        epoch[id] = settles;
        due[id] = true;
    }

    /// Whether vcpu `id` ran the commit that was prepared for it last.
    public boolean proven(MonitorWindow window, int id) {
        return !due[id] || window.commitDone();
    }

    /// Looks which commits have been proven, and returns the epoch that is settled thereby, 0 for none.
    public long settled(Monitor monitor) {
        long earliestDue = Long.MAX_VALUE;
        for (int id = 0; id < due.length; id++) {
            if (due[id] && monitor.window(id).commitDone()) {
                due[id] = false;
                if (order[id] > candidateOrder && epoch[id] != NOTHING_SETTLED) {
                    candidateOrder = order[id];
                    candidateEpoch = epoch[id];
                }
            }
            if (due[id]) {
                earliestDue = Math.min(earliestDue, order[id]);
            }
        }
        return candidateOrder < earliestDue ? candidateEpoch : 0;
    }
}
