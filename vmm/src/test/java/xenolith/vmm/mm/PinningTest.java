package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.entry;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.vmm.guest.MachineMemory;

class PinningTest {
    private final TestMachine m = new TestMachine();
    private final PageTables tables = m.dom1;

    @AfterEach
    void countsAgreeWithTheTables() {
        m.assertSound();
    }

    private void assertRefused(long rc, Refusal reason) {
        assertThat(tables.refusals().reason()).isEqualTo(reason);
        assertThat(rc).isEqualTo(reason.negativeErrno()).isNegative();
    }

    @Test
    void pinningARootTypesEveryTableBelowIt() {
        m.pinChain();

        for (int level = 4; level >= 1; level--) {
            assertThat(m.frames.type(m.one(4 - level))).isEqualTo(level);
            m.assertCounts(m.one(4 - level), 1, 1);
            assertThat(tables.isPageTable(m.one(4 - level))).isTrue();
        }
    }

    @Test
    void unpinningTheLastReferenceDissolvesTheTreeAndRetiresItsTables() {
        m.pinChain();

        assertThat(tables.unpin(m.one(0))).isZero();

        for (int i = 0; i < 4; i++) {
            m.assertCounts(m.one(i), 0, 0);
        }
        assertThat(m.hardware1.retired).containsExactly(m.one(0), m.one(1), m.one(2), m.one(3));
    }

    @Test
    void aTableNamedTwiceIsValidatedOnceAndStaysUntilBothEntriesAreGone() {
        m.store(m.one(2), 0, entry(m.one(3), P | RW));
        m.store(m.one(2), 9, entry(m.one(3), P | RW));
        assertThat(tables.pin(m.one(2), 2)).isZero();
        m.assertCounts(m.one(3), 2, 2);

        assertThat(tables.updateEntry(TestMachine.ma(m.one(2), 0), 0, false)).isZero();
        assertThat(tables.isPageTable(m.one(3))).isTrue();
        assertThat(tables.updateEntry(TestMachine.ma(m.one(2), 9), 0, false)).isZero();
        assertThat(tables.isPageTable(m.one(3))).isFalse();
    }

    @Test
    void aPageWithWritableMappingsCannotBecomeAPageTable() {
        m.store(m.one(3), 0, entry(m.one(5), P | RW));
        assertThat(tables.pin(m.one(3), 1)).isZero();

        assertRefused(tables.pin(m.one(5), 1), Refusal.TYPE_CONFLICT);
    }

    @Test
    void aPageThatTheHypervisorWritesToCannotBecomeAPageTable() {
        assertThat(tables.getWritable(m.one(5))).isZero();

        assertRefused(tables.pin(m.one(5), 1), Refusal.TYPE_CONFLICT);

        tables.putWritable(m.one(5));
        assertThat(tables.pin(m.one(5), 1)).isZero();
    }

    @Test
    void aPageWithReadOnlyMappingsCanBecomeAPageTable() {
        m.store(m.one(3), 0, entry(m.one(5), P));
        assertThat(tables.pin(m.one(3), 1)).isZero();

        assertThat(tables.pin(m.one(5), 2)).isZero();
        m.assertCounts(m.one(5), 1, 2);
    }

    @Test
    void aTableThatMapsItselfWritableIsRefused() {
        m.store(m.one(3), 7, entry(m.one(3), P | RW));

        assertRefused(tables.pin(m.one(3), 1), Refusal.TYPE_CONFLICT);
        m.assertCounts(m.one(3), 0, 0);
    }

    @Test
    void aTreeWhoseLowestLevelMapsItsRootWritableIsRefusedAndFullyUnwound() {
        m.store(m.one(3), 0, entry(m.one(5), P | RW));
        m.store(m.one(3), 511, entry(m.one(0), P | RW));
        m.store(m.one(0), 0, entry(m.one(1), P | RW | U));
        m.store(m.one(1), 0, entry(m.one(2), P | RW | U));
        m.store(m.one(2), 0, entry(m.one(3), P | RW | U));

        assertRefused(tables.pin(m.one(0), 4), Refusal.TYPE_CONFLICT);

        for (int i = 0; i < 6; i++) {
            m.assertCounts(m.one(i), 0, 0);
        }
        assertThat(m.load(m.one(0), 256)).as("a refused root gets no hypervisor slots").isZero();
    }

    @Test
    void aFrameHasOneLevelAtATime() {
        assertThat(tables.pin(m.one(3), 1)).isZero();
        m.store(m.one(1), 0, entry(m.one(3), P));

        assertRefused(tables.pin(m.one(1), 3), Refusal.LEVEL_MISMATCH);
    }

    @Test
    void pinningTwiceIsRefusedAndTakesNothing() {
        assertThat(tables.pin(m.one(3), 1)).isZero();

        assertRefused(tables.pin(m.one(3), 1), Refusal.PINNED_TWICE);
        m.assertCounts(m.one(3), 1, 1);
    }

    @Test
    void unpinningWhatIsNotPinnedIsRefused() {
        m.pinChain();

        assertRefused(tables.unpin(m.one(3)), Refusal.NOT_PINNED);
        assertRefused(tables.unpin(m.two(0)), Refusal.FRAME_NOT_OWNED);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 5, Integer.MAX_VALUE})
    void onlyLevelsOneToFourExist(int level) {
        assertRefused(tables.pin(m.one(3), level), Refusal.BAD_LEVEL);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MachineMemory.BASE_MFN - 1, MachineMemory.BASE_MFN + 32, -1, Long.MIN_VALUE})
    void framesOutsideTheMachineAreRefused(long mfn) {
        assertRefused(tables.pin(mfn, 1), Refusal.BEYOND_MEMORY);
        assertRefused(tables.unpin(mfn), Refusal.BEYOND_MEMORY);
        assertRefused(tables.newBase(mfn), Refusal.BEYOND_MEMORY);
        assertRefused(tables.getWritable(mfn), Refusal.BEYOND_MEMORY);
    }

    @Test
    void anotherDomainsFrameIsNeitherPinnedNorMapped() {
        assertRefused(tables.pin(m.two(0), 1), Refusal.FRAME_NOT_OWNED);

        m.store(m.one(3), 0, entry(m.two(0), P));
        assertRefused(tables.pin(m.one(3), 1), Refusal.FRAME_NOT_OWNED);
        m.assertCounts(m.two(0), 0, 0);
    }

    @Test
    void theKernelsPagesBecomeUserPagesAndLoseTheGlobalBit() {
        m.store(m.one(3), 0, entry(m.one(5), P | RW | PteBits.GLOBAL | PteBits.NX));
        m.store(m.one(3), 1, PteBits.GLOBAL | 0xABC0_0000L);

        assertThat(tables.pin(m.one(3), 1)).isZero();

        assertThat(m.load(m.one(3), 0)).isEqualTo(entry(m.one(5), P | RW | U | PteBits.NX));
        assertThat(m.load(m.one(3), 1)).as("an absent entry is the guest's own")
                .isEqualTo(PteBits.GLOBAL | 0xABC0_0000L);
    }
}
