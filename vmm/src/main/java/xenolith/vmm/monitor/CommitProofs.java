package xenolith.vmm.monitor;

import java.util.Arrays;

/// Keeps book of commits under way. Ring 0 says in the super page of the vcpu's window, which the guest cannot write, that
/// it has run down the list.
///
/// With several vcpus commits overlap, and a vcpu may take long to run its own: the host may have taken its core away. So
/// whoever commits next takes over the entries on lists that are not proven, and every commit of the whole queue settles
/// what was queued before it, by itself. What it cannot do for another vcpu is load its CR3: nothing younger than the
/// moment when a vcpu left a root is settled before that vcpu has proven a commit that loaded another.
///
/// Lock: the domain's.
public final class CommitProofs {
    /// What a commit of only a part of the list settles.
    static final long NOTHING_SETTLED = 0;
    private static final long ON_ITS_ROOT = Long.MAX_VALUE;

    private final MonitorWindow[] windows;
    private final long[] order;
    private final long[] epoch;
    private final boolean[] due;
    /// How many entries on a vcpu's list, from its start, are on no later list.
    private final int[] entries;
    /// The order of the next commit when the vcpu left a root that it may still have loaded.
    private final long[] left;
    private long nextOrder = 1;
    private long candidateOrder;
    private long candidateEpoch;

    CommitProofs(int vcpuCount) {
        windows = new MonitorWindow[vcpuCount];
        order = new long[vcpuCount];
        epoch = new long[vcpuCount];
        due = new boolean[vcpuCount];
        entries = new int[vcpuCount];
        left = new long[vcpuCount];
        Arrays.fill(left, ON_ITS_ROOT);
    }

    /// Vcpu `id` is about to be sent through a commit of `count` entries, all others not proven among them; it settles
    /// `settles` and loads the newest root, unless that is [#NOTHING_SETTLED].
    void prepared(MonitorWindow window, int id, int count, long settles) {
        windows[id] = window;
        order[id] = nextOrder++;
        epoch[id] = settles;
        entries[id] = count;
        due[id] = true;
    }

    /// How many entries of vcpu `id`'s list may not have been committed yet, by anybody.
    int open(int id) {
        return due[id] && !windows[id].commitDone() ? entries[id] : 0;
    }

    /// They are on another vcpu's list now.
    void takenOver(int id) {
        entries[id] = 0;
    }

    /// Whether there are entries that have left the queue and may not have been committed yet.
    boolean anyOpen() {
        for (int id = 0; id < due.length; id++) {
            if (open(id) > 0) {
                return true;
            }
        }
        return false;
    }

    /// Vcpu `id` shall no longer run on a root that it may have loaded.
    void leavesRoot(int id) {
        left[id] = Math.min(left[id], nextOrder);
    }

    /// Whether vcpu `id` ran the commit that was prepared for it last.
    public boolean proven(MonitorWindow window, int id) {
        return !due[id] || window.commitDone();
    }

    /// Looks which commits have been proven, and returns the epoch that is settled thereby, 0 for none.
    public long settled() {
        long earliestLeft = ON_ITS_ROOT;
        for (int id = 0; id < due.length; id++) {
            if (due[id] && windows[id].commitDone()) {
                noteProof(id);
            }
            earliestLeft = Math.min(earliestLeft, left[id]);
        }
        return candidateOrder < earliestLeft ? candidateEpoch : 0;
    }

    private void noteProof(int id) {
        due[id] = false;
        if (epoch[id] == NOTHING_SETTLED) {
            return;
        }
        left[id] = ON_ITS_ROOT;
        if (order[id] > candidateOrder) {
            candidateOrder = order[id];
            candidateEpoch = epoch[id];
        }
    }
}
