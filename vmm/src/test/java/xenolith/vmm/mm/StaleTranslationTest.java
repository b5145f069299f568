package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A frame gets another use only after the hardware has forgotten the former one.
class StaleTranslationTest {
    private final TestMachine m = new TestMachine();
    private final PageTables tables = m.dom1;
    private final LazyHardware hardware = m.hardware1;
    private long l1;

    @BeforeEach
    void mapAPage() {
        m.pinChain();
        l1 = m.one(3);
        assertThat(map(0, entry(m.one(5), P | RW))).isZero();
        hardware.commit();
    }

    @AfterEach
    void noHoleOnceTheGuestRuns() {
        hardware.guestRuns();
        m.assertSound();
    }

    private long map(int slot, long value) {
        return tables.updateEntry(ma(l1, slot), value, false);
    }

    @Test
    void aPageThatWasWritableAMomentAgoBecomesATableOnlyAfterACommit() {
        assertThat(map(0, entry(m.one(5), P))).isZero();

        assertThat(tables.pin(m.one(5), 1)).isZero();

        assertThat(hardware.commitOwed()).isTrue();
    }

    @Test
    void withoutAChangeOfUseNothingIsCommitted() {
        assertThat(map(0, 0)).isZero();
        assertThat(map(1, entry(m.one(5), P | RW))).isZero();
        assertThat(tables.pin(m.one(6), 1)).isZero();
        assertThat(tables.unpin(m.one(6))).isZero();
        assertThat(tables.pin(m.one(6), 1)).isZero();

        assertThat(hardware.commitOwed()).isFalse();
    }

    @Test
    void afterACommitTheUseChangesFreely() {
        assertThat(map(0, 0)).isZero();
        hardware.commit();

        assertThat(tables.pin(m.one(5), 1)).isZero();

        assertThat(hardware.commitOwed()).isFalse();
    }

    @Test
    void aPageThatWasATableAMomentAgoBecomesWritableOnlyAfterACommit() {
        assertThat(tables.updateEntry(ma(m.one(2), 0), 0, false)).isZero();
        m.store(m.one(6), 0, entry(l1, P | RW));

        assertThat(tables.pin(m.one(6), 1)).isZero();

        assertThat(hardware.commitOwed()).isTrue();
    }

    @Test
    void aPlainWordOfAFormerTableIsWrittenOnlyAfterACommit() {
        assertThat(tables.updateEntry(ma(m.one(2), 0), 0, false)).isZero();
        hardware.canCommit = false;

        assertThat(map(9, entry(m.two(0), P | RW))).isEqualTo(PageTables.RETRY);
        assertThat(m.load(l1, 9)).isZero();

        hardware.canCommit = true;
        assertThat(map(9, entry(m.two(0), P | RW))).isZero();
        assertThat(hardware.commitOwed()).isTrue();
    }

    @Test
    void aPromotionThatFailsDoesNotForgetThatTheFrameWasATable() {
        assertThat(tables.updateEntry(ma(m.one(2), 0), 0, false)).isZero();
        assertThat(tables.pin(m.one(5), 2)).as("what it mapped writable is now a table").isZero();
        assertThat(tables.pin(l1, 1)).isEqualTo(Refusal.TYPE_CONFLICT.negativeErrno());
        m.store(m.one(6), 0, entry(l1, P | RW));
        hardware.canCommit = false;

        assertThat(tables.pin(m.one(6), 1)).isEqualTo(PageTables.RETRY);

        hardware.canCommit = true;
    }

    @Test
    void whereNoCommitCanBePromisedNothingChangesAndTheCallIsRepeated() {
        assertThat(map(0, 0)).isZero();
        m.store(m.one(6), 0, entry(m.one(7), P | RW));
        m.store(m.one(6), 1, entry(m.one(8), P));
        m.store(m.one(9), 0, entry(m.one(6), P | RW));
        m.store(m.one(9), 1, entry(m.one(5), P | RW));
        hardware.canCommit = false;

        assertThat(tables.pin(m.one(9), 2)).isEqualTo(PageTables.RETRY);

        assertThat(tables.refusals().reason()).isEqualTo(Refusal.COMMIT_FIRST);
        for (int i = 5; i < 10; i++) {
            m.assertCounts(m.one(i), 0, 0);
        }
        hardware.commit();
        assertThat(tables.pin(m.one(9), 2)).isZero();
    }

    @Test
    void aFrameLeavesItsOwnerOnlyAfterACommitThatForgetsEvenReadOnlyMaps() {
        assertThat(map(1, entry(m.one(6), P))).isZero();
        assertThat(map(1, 0)).isZero();

        assertThat(tables.releaseFrame(m.one(6))).isZero();

        assertThat(hardware.commitOwed()).isTrue();
        hardware.guestRuns();
        m.frames.assign(m.one(6), TestMachine.DOM1);
        assertThat(tables.releaseFrame(m.one(6))).isZero();
        assertThat(hardware.commitOwed()).as("never mapped by its new owner").isFalse();
    }

    @Test
    void aDescriptorTableThatWasWritableAMomentAgoIsCommittedToo() {
        assertThat(map(0, 0)).isZero();

        assertThat(tables.getSegdesc(m.one(5))).isZero();

        assertThat(hardware.commitOwed()).isTrue();
        hardware.guestRuns();
        tables.putSegdesc(m.one(5));
    }
}
