package xenolith.vmm.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Commits of several vcpus overlap: one is sent to commit, and kept from it, while others go on.
class OverlappingCommitsTest extends CommitFixture {
    private boolean proven(int id) {
        return queue.proofs().proven(m.monitor.window(id), id);
    }

    /// An entry that vcpu 0 was sent to commit, and has not.
    private void leftToVcpu0() {
        known(0, 0, P);
        store(0, 0, 0);
        prepare(0);
    }

    @Test
    void aFlushCommitsWhatAnotherVcpuWasSentToCommitAndHasNot() {
        leftToVcpu0();

        queue.flush();

        assertThat(queue.isNeeded()).as("the queue is empty, the hardware is not").isTrue();
        prepare(1);
        assertThat(commit(1)).containsExactly(entryMa(0, 0));
    }

    @Test
    void aFlushNeedsNoCommitOnceTheOtherVcpuHasDoneIt() {
        leftToVcpu0();
        commit(0);

        queue.flush();

        assertThat(queue.isNeeded()).isFalse();
    }

    @Test
    void anEntryIsOnOneOpenListAlone() {
        leftToVcpu0();
        prepare(1);
        commit(1);

        queue.flush();

        assertThat(queue.isNeeded()).as("vcpu 0 still has its list, which vcpu 1 has done").isFalse();
        assertThat(proven(0)).as("and must prove it all the same").isFalse();
    }

    @Test
    void aLaterCommitSettlesWhatAnEarlierOneHasNotDone() {
        leftToVcpu0();
        queue.prepare(m.monitor, 1, RSP, EPOCH + 1);

        commit(1);

        assertThat(queue.proofs().settled()).isEqualTo(EPOCH + 1);
    }

    @Test
    void nothingIsSettledWhileAVcpuMayStandOnTheRootThatItLeft() {
        queue.leavesRoot(0);
        assertThat(queue.isNeeded()).isTrue();
        queue.prepare(m.monitor, 1, RSP, 3);
        commit(1);
        assertThat(queue.proofs().settled()).as("before it was sent to load another").isZero();

        queue.prepare(m.monitor, 0, RSP, 4);
        queue.prepare(m.monitor, 1, RSP, 5);
        commit(1);
        assertThat(queue.proofs().settled()).as("before it has loaded another").isZero();

        commit(0);

        assertThat(queue.proofs().settled()).isEqualTo(5);
    }

    @Test
    void theRootIsLeftWithTheLastListOnly() {
        for (int i = 0; i < MonitorAbi.COMMIT_MAX + 1; i++) {
            known(i / 512, i % 512, P);
            store(i / 512, i % 512, 0);
        }
        queue.leavesRoot(0);
        prepare(0);
        commit(0);

        queue.prepare(m.monitor, 1, RSP, EPOCH + 1);
        commit(1);

        assertThat(queue.proofs().settled()).as("vcpu 0 has loaded its old root again").isZero();
        queue.prepare(m.monitor, 0, RSP, EPOCH + 2);
        commit(0);
        assertThat(queue.proofs().settled()).isEqualTo(EPOCH + 2);
    }

    @Test
    void whoLeavesARootCommitsByItselfWhateverOthersDo() {
        queue.leavesRoot(0);
        prepare(1);
        commit(1);

        assertThat(queue.isNeeded()).isFalse();
        assertThat(queue.isNeeded(0)).as("no other vcpu loads its root").isTrue();
        assertThat(queue.isNeeded(1)).isFalse();
        prepare(0);
        assertThat(queue.isNeeded(0)).isFalse();
    }

    @Test
    void theSecondHalfOfAListIsItsOwnersEvenIfAnotherTakesIt() {
        for (int i = 0; i < MonitorAbi.COMMIT_MAX + 1; i++) {
            known(i / 512, i % 512, P);
            store(i / 512, i % 512, 0);
        }
        prepare(0);
        commit(0);
        prepare(1);

        assertThat(queue.isNeeded(0)).as("its root comes with the last list").isTrue();
    }

    @Test
    void aCommitThatIsPutOffIsOwed() {
        queue.owe(0);
        assertThat(queue.isNeeded(0)).as("none was needed").isFalse();
        queue.require();
        queue.owe(0);
        prepare(1);
        commit(1);

        assertThat(queue.isNeeded(0)).isTrue();
    }

    @Test
    void whatWasSettledBeforeARootIsLeftStaysSettled() {
        prepare(1);
        queue.leavesRoot(0);

        commit(1);

        assertThat(queue.proofs().settled()).as("begun before").isEqualTo(EPOCH);
    }
}
