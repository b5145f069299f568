package xenolith.vmm.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommitQueueTest extends CommitFixture {
    private static final long W = 2;
    private static final long A = 0x20;
    private static final long D = 0x40;
    private static final long CR3 = 0x1_0000_7000L;

    private long frame(int i) {
        return m.guestMfn + i << 12;
    }

    // ---- what is queued

    @ParameterizedTest
    @CsvSource({
        "0, 7, absent to present",
        "5, 7, read-only to writable",
        "7, 0x67, accessed and dirty set",
        "0x8000000000000005, 5, executable at last",
        "0, 0x5000, absent to absent",
        "7, 0x207, a bit of the software's",
    })
    void anUpgradeIsSeenAtOnceAndNotQueued(String old, String value, String what) {
        known(0, 0, Long.parseUnsignedLong(hex(old), 16));

        store(0, 0, Long.parseUnsignedLong(hex(value), 16));

        assertThat(queue.isEmpty()).as(what).isTrue();
        assertThat(queue.isNeeded()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "7, 0, present to absent",
        "7, 5, writable to read-only",
        "7, 3, ring 3 no more",
        "5, 8000000000000005, not executable any more",
        "27, 7, accessed lost",
        "67, 27, dirty lost",
        "100000000027, 100000001027, another frame",
    })
    void aDowngradeIsQueued(String old, String value, String what) {
        known(0, 0, Long.parseUnsignedLong(hex(old), 16));

        store(0, 0, Long.parseUnsignedLong(hex(value), 16));

        assertThat(queue.isEmpty()).as(what).isFalse();
        assertThat(queue.isNeeded()).as("the guest flushes when it likes").isFalse();
    }

    private static String hex(String text) {
        return text.startsWith("0x") ? text.substring(2) : text;
    }

    @Test
    void whereTheHostSeesOurStoresNothingIsQueued() {
        CommitQueue coherent = new CommitQueue(m.memory, true, 1);
        known(0, 0, frame(1) | P | W);

        coherent.store(entryMa(0, 0), frame(1) | P | W, 0, false);
        coherent.retire(m.guestMfn);

        assertThat(coherent.isEmpty()).isTrue();
        assertThat(m.memory.readWord(entryMa(0, 0))).isZero();
    }

    @Test
    void anUpgradeInAPageWithPendingEntriesIsQueuedToo() {
        known(0, 0, frame(1) | P | W);
        store(0, 0, 0);
        store(0, 1, frame(2) | P);
        store(1, 1, frame(2) | P);

        prepare(0);

        assertThat(commit(0)).containsExactlyInAnyOrder(entryMa(0, 0), entryMa(0, 1));
    }

    @Test
    void afterItsCommitAPagesUpgradesAreQueuedNoMore() {
        known(0, 0, frame(1) | P | W);
        store(0, 0, 0);
        prepare(0);

        store(0, 1, frame(2) | P);

        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void aRetiredTableIsCommittedAcrossTwoEntries() {
        queue.retire(m.guestMfn + 5);
        prepare(0);

        assertThat(commit(0)).containsExactly((m.guestMfn + 5 << 12) + 4);
    }

    // ---- storing

    @Test
    void accessedAndDirtyThatTheHardwareSetMeanwhileAreNoObstacle() {
        known(0, 0, frame(1) | P | W | A | D);

        queue.store(entryMa(0, 0), frame(1) | P | W, frame(1) | P, false);
        assertThat(m.memory.readWord(entryMa(0, 0))).isEqualTo(frame(1) | P);
        known(0, 1, frame(1) | P | W | A | D);
        queue.store(entryMa(0, 1), frame(1) | P | W, frame(1) | P, true);
        assertThat(m.memory.readWord(entryMa(0, 1))).as("kept if asked for").isEqualTo(frame(1) | P | A | D);
    }

    @Test
    void losingAccessedAndDirtyThatTheHardwareSetMeanwhileIsADowngrade() {
        known(0, 0, frame(1) | P | A | D);

        queue.store(entryMa(0, 0), frame(1) | P, frame(1) | P | W, false);

        assertThat(queue.isEmpty()).isFalse();
    }

    @Test
    void anExchangeHappensOnlyIfTheEntryIsWhatTheGuestRead() {
        known(0, 0, frame(1) | P | W | A);

        assertThat(queue.exchange(entryMa(0, 0), frame(1) | P | W, 0)).isFalse();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(m.memory.readWord(entryMa(0, 0))).isEqualTo(frame(1) | P | W | A);
        assertThat(queue.exchange(entryMa(0, 0), frame(1) | P | W | A, 0)).isTrue();
        assertThat(queue.isEmpty()).isFalse();
    }

    // ---- the list

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theListEndsWithRootProofAndAFrameBackToTheStub(int id) {
        m.monitor.window(id).kernelCr3(CR3);
        known(0, 0, P);
        store(0, 0, 0);

        assertThat(prepare(id)).isFalse();

        long at = m.monitor.commitList(id);
        assertThat(m.monitor.window(id).commitListVa()).isEqualTo(MonitorAbi.commitListVa(id));
        assertThat(m.kernel.ma(MonitorAbi.commitListVa(id))).isEqualTo(at);
        assertThat(m.memory.readWord(at)).as("seen by ring 0")
                .isEqualTo(MonitorAbi.DIRECT_MAP_VA + entryMa(0, 0) - (0x10_0000L << 12));
        assertThat(m.memory.readWord(at + 8)).isEqualTo(CR3);
        assertThat(m.kernel.ma(m.memory.readWord(at + 16))).as("the proof: there is no commit any more")
                .isEqualTo(m.kernel.ma(MonitorAbi.windowVa(id) + MonitorAbi.W_SUPER)
                        + MonitorAbi.superOffset("S_COMMIT_RIP"));
        assertThat(m.memory.readWord(at + 24)).isEqualTo(MonitorAbi.windowVa(id) + MonitorAbi.W_HANDLERS);
        assertThat(m.memory.readWord(at + 32)).as("commit_done").isEqualTo(m.monitor.commitDone(id));
        assertThat(m.memory.readWord(at + 40)).isEqualTo(MonitorAbi.GUEST_CS);
        assertThat(m.memory.readWord(at + 48)).isEqualTo(0x202);
        assertThat(m.memory.readWord(at + 56)).isEqualTo(RSP);
        assertThat(m.memory.readWord(at + 64)).isEqualTo(MonitorAbi.GUEST_SS);
        assertThat(m.kernel.superWord(id, "S_COMMIT_RIP")).isEqualTo(queue.commitRip());
    }

    @Test
    void aFlushNeedsNoCommitWhereNothingIsQueued() {
        queue.flush();
        assertThat(queue.isNeeded()).as("the host flushed when it saw the last of them").isFalse();
        known(0, 0, P);
        store(0, 0, 0);
        queue.flush();
        assertThat(queue.isNeeded()).isTrue();
        CommitQueue coherent = new CommitQueue(m.memory, true, 1);
        coherent.flush();
        assertThat(coherent.isNeeded()).as("a flush of the TLB alone").isTrue();
    }

    @Test
    void anEmptyCommitIsMadeIfItIsRequired() {
        queue.require();
        assertThat(queue.isNeeded()).isTrue();

        assertThat(prepare(0)).isFalse();

        MonitorImage image = MonitorImage.load();
        assertThat(queue.commitRip()).isEqualTo(MonitorAbi.COMMIT_CODE_VA + image.symbol("commits_tail")
                - image.symbol("commits"));
        assertThat(queue.isNeeded()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 4097, 10_000})
    void aLongListIsSplitAndNothingIsLost(int count) {
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            known(i / 512, i % 512, P);
            store(i / 512, i % 512, 0);
            all.add(entryMa(i / 512, i % 512));
        }
        assertThat(queue.isNeeded()).as("so many do not wait").isTrue();
        assertThat(queue.isFull()).isTrue();
        List<Long> done = new ArrayList<>();
        int lists = 0;
        boolean more;
        do {
            more = prepare(0);
            done.addAll(commit(0));
            lists++;
            assertThat(queue.isNeeded()).isEqualTo(more);
        } while (more);

        assertThat(done).containsExactlyInAnyOrderElementsOf(all);
        assertThat(lists).isEqualTo((count + 4095) / 4096);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.commits()).isEqualTo(lists);
        assertThat(queue.committedEntries()).isEqualTo(count);
    }

    /// Between two lists the guest may change more, and pages whose entries wait for the second must not be forgotten.
    @Test
    void aPageThatWaitsForTheNextListStillQueuesItsUpgrades() {
        known(0, 0, P);
        store(0, 0, 0);
        for (int i = 0; i < MonitorAbi.COMMIT_MAX - 1; i++) {
            known(1 + i / 512, i % 512, P);
            store(1 + i / 512, i % 512, 0);
        }
        store(0, 1, frame(2) | P);
        assertThat(prepare(0)).as("one is left, of page 0").isTrue();
        commit(0);

        store(0, 2, frame(2) | P);

        prepare(0);
        assertThat(commit(0)).containsExactlyInAnyOrder(entryMa(0, 0), entryMa(0, 2));
    }

    @Test
    void whatWasDiscardedIsForgotten() {
        known(0, 0, P);
        store(0, 0, 0);
        queue.require();

        queue.discard();

        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.isNeeded()).isFalse();
        store(0, 1, frame(2) | P);
        assertThat(queue.isEmpty()).as("its page waits for nothing").isTrue();
    }

    @Test
    void aNewRootIsLoadedWithTheLastListOnly() {
        queue.startsOn(0, CR3);
        m.monitor.window(0).kernelCr3(CR3 + 4096);
        for (int i = 0; i < MonitorAbi.COMMIT_MAX + 1; i++) {
            known(i / 512, i % 512, P);
            store(i / 512, i % 512, 0);
        }

        assertThat(prepare(0)).isTrue();
        assertThat(m.memory.readWord(m.monitor.commitList(0) + 8L * MonitorAbi.COMMIT_MAX))
                .as("the entry that makes the new one a root may not be committed yet").isEqualTo(CR3);
        commit(0);
        assertThat(prepare(0)).isFalse();
        assertThat(m.memory.readWord(m.monitor.commitList(0) + 8)).isEqualTo(CR3 + 4096);
    }

    // ---- the proof

    private boolean proven(int id) {
        return queue.proofs().proven(m.monitor.window(id), id);
    }

    @Test
    void aCommitIsProvenOnceRing0HasRunDownItsList() {
        assertThat(proven(0)).as("nothing to prove").isTrue();
        prepare(0);
        assertThat(proven(0)).isFalse();
        assertThat(queue.proofs().settled()).isZero();

        commit(0);

        assertThat(proven(0)).isTrue();
        assertThat(queue.proofs().settled()).isEqualTo(EPOCH);
        prepare(0);
        assertThat(proven(0)).as("the next wants its own").isFalse();
    }

    @Test
    void theProofsOfTwoVcpusAreTheirOwn() {
        prepare(0);
        commit(0);
        prepare(1);

        assertThat(proven(0)).isTrue();
        assertThat(proven(1)).isFalse();
        commit(1);
        assertThat(proven(1)).isTrue();
    }

    @Test
    void aPartOfTheListSettlesNothing() {
        for (int i = 0; i < MonitorAbi.COMMIT_MAX + 1; i++) {
            known(i / 512, i % 512, P);
            store(i / 512, i % 512, 0);
        }
        assertThat(prepare(0)).isTrue();
        commit(0);
        assertThat(queue.proofs().settled()).isZero();

        assertThat(prepare(0)).isFalse();
        commit(0);

        assertThat(queue.proofs().settled()).isEqualTo(EPOCH);
    }

    @Test
    void afterACommitADivideErrorIsTheGuests() {
        prepare(0);
        commit(0);

        assertThat(m.kernel.superWord(0, "S_COMMIT_RIP")).as("the stub of vector 0, which rings")
                .isEqualTo(MonitorAbi.windowVa(0) + MonitorAbi.W_HANDLERS);
    }
}
