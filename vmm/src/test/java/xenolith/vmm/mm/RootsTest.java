package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// L4 tables: bases, the hypervisor's slots, recursive maps.
class RootsTest {
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
    void aBaseIsAnL4UntilItIsDropped() {
        assertThat(tables.newBase(m.one(0))).isZero();
        assertThat(tables.newBase(m.one(0))).isZero();
        m.assertCounts(m.one(0), 2, 2);

        tables.dropBase(m.one(0));
        assertThat(tables.isPageTable(m.one(0))).isTrue();
        tables.dropBase(m.one(0));
        assertThat(tables.isPageTable(m.one(0))).isFalse();
    }

    @Test
    void aBaseOutlivesItsPin() {
        m.pinChain();
        assertThat(tables.newBase(m.one(0))).isZero();

        assertThat(tables.unpin(m.one(0))).isZero();

        assertThat(tables.isPageTable(m.one(3))).isTrue();
    }

    @Test
    void aLowerTableIsNoBase() {
        m.pinChain();

        assertRefused(tables.newBase(m.one(1)), Refusal.LEVEL_MISMATCH);
        assertRefused(tables.newBase(m.two(1)), Refusal.FRAME_NOT_OWNED);
    }

    @Test
    void droppingABaseThatIsNotHeldIsOurOwnMistake() {
        m.pinChain();

        assertThatThrownBy(() -> tables.dropBase(m.one(0))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tables.putWritable(m.one(9))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tables.dropBase(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theHypervisorsSlotsAreOverwrittenAndTheirOldContentsNeverVisited() {
        for (int slot = 256; slot <= 271; slot++) {
            m.store(m.one(0), slot, entry(m.two(slot % 16), P | RW | PteBits.PSE));
        }

        assertThat(tables.pin(m.one(0), 4)).isZero();

        for (int i = 0; i < TestMachine.SLOTS_OF_HYPERVISOR; i++) {
            long installed = i < TestMachine.HYPERVISOR_SLOTS.length ? TestMachine.HYPERVISOR_SLOTS[i] : 0;
            assertThat(m.load(m.one(0), 256 + i)).isEqualTo(installed);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 257, 264, 271})
    void writesToTheHypervisorsSlotsAreRefused(int slot) {
        m.pinChain();
        long before = m.load(m.one(0), slot);

        assertRefused(tables.updateEntry(ma(m.one(0), slot), 0, false), Refusal.HYPERVISOR_SLOT);
        assertRefused(tables.updateEntry(ma(m.one(0), slot), entry(m.one(1), P), false), Refusal.HYPERVISOR_SLOT);

        assertThat(m.load(m.one(0), slot)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 255, 272, 511})
    void theSlotsBesideTheHypervisorsAreTheGuests(int slot) {
        m.pinChain();

        assertThat(tables.updateEntry(ma(m.one(0), slot), entry(m.one(1), P | RW), false)).isZero();
    }

    @Test
    void lowerTablesHaveNoHypervisorSlots() {
        m.pinChain();

        assertThat(tables.updateEntry(ma(m.one(1), 256), entry(m.one(2), P | RW), false)).isZero();
        m.assertCounts(m.one(2), 2, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void aTableMayMapItselfReadOnlyAndDissolvesAllTheSame(int level) {
        m.store(m.one(7), 300, entry(m.one(7), P | U));
        assertThat(tables.pin(m.one(7), level)).isZero();
        m.assertCounts(m.one(7), 1, 1);
        assertThat(tables.updateEntry(ma(m.one(7), 301), entry(m.one(7), P), false)).isZero();
        assertThat(tables.updateEntry(ma(m.one(7), 300), 0, false)).isZero();

        assertThat(tables.unpin(m.one(7))).isZero();

        m.assertCounts(m.one(7), 0, 0);
    }

    /// XSA-182: a recursive entry became writable by an update that changed nothing but flags.
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void aRecursiveMapDoesNotBecomeWritableByAChangeOfFlags(int level) {
        m.store(m.one(7), 300, entry(m.one(7), P));
        assertThat(tables.pin(m.one(7), level)).isZero();

        assertRefused(tables.updateEntry(ma(m.one(7), 300), entry(m.one(7), P | RW), false),
                Refusal.WRITABLE_SELF_MAP);
        assertRefused(tables.updateEntry(ma(m.one(7), 300), entry(m.one(7), P | RW), true),
                Refusal.WRITABLE_SELF_MAP);
        assertRefused(tables.updateEntry(ma(m.one(7), 301), entry(m.one(7), P | RW), false),
                Refusal.WRITABLE_SELF_MAP);

        assertThat(m.load(m.one(7), 300) & RW).isZero();
    }

    @Test
    void aWritableRecursiveMapIsRefusedAtPromotion() {
        m.store(m.one(7), 300, entry(m.one(7), P | RW));

        assertRefused(tables.pin(m.one(7), 4), Refusal.WRITABLE_SELF_MAP);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void aTableMayMapOthersOfItsLevelReadOnlyAndKeepsThem(int level) {
        assertThat(tables.pin(m.one(7), level)).isZero();
        m.store(m.one(8), 300, entry(m.one(7), P));
        m.store(m.one(8), 301, entry(m.one(7), P));
        assertThat(tables.pin(m.one(8), level)).isZero();
        m.assertCounts(m.one(7), 3, 3);

        assertThat(tables.unpin(m.one(7))).isZero();
        assertThat(tables.updateEntry(ma(m.one(8), 300), 0, false)).isZero();
        m.assertCounts(m.one(7), 1, 1);
        m.assertSound();
        assertThat(tables.unpin(m.one(8))).isZero();

        m.assertCounts(m.one(7), 0, 0);
    }

    @Test
    void aMapOfAnotherRootIsNotWritableNorBecomesSo() {
        assertThat(tables.pin(m.one(7), 4)).isZero();
        assertThat(tables.pin(m.one(8), 4)).isZero();

        assertRefused(tables.updateEntry(ma(m.one(8), 300), entry(m.one(7), P | RW), false),
                Refusal.WRITABLE_SELF_MAP);
        assertThat(tables.updateEntry(ma(m.one(8), 300), entry(m.one(7), P), false)).isZero();
        assertRefused(tables.updateEntry(ma(m.one(8), 300), entry(m.one(7), P | RW), false),
                Refusal.WRITABLE_SELF_MAP);
    }

    /// Two roots that name each other would keep each other alive for ever.
    @Test
    void aRootThatIsMappedMapsNoOtherAndTheReverse() {
        for (int i = 7; i < 10; i++) {
            assertThat(tables.pin(m.one(i), 4)).isZero();
        }
        assertThat(tables.updateEntry(ma(m.one(8), 300), entry(m.one(7), P), false)).isZero();

        assertRefused(tables.updateEntry(ma(m.one(7), 300), entry(m.one(8), P), false), Refusal.LINEAR_CHAIN);
        assertRefused(tables.updateEntry(ma(m.one(7), 300), entry(m.one(9), P), false), Refusal.LINEAR_CHAIN);
        assertRefused(tables.updateEntry(ma(m.one(9), 300), entry(m.one(8), P), false), Refusal.LINEAR_CHAIN);
        assertThat(tables.updateEntry(ma(m.one(7), 300), entry(m.one(7), P), false)).as("itself").isZero();
        m.assertSound();
        assertThat(tables.updateEntry(ma(m.one(8), 300), 0, false)).isZero();
        assertThat(tables.updateEntry(ma(m.one(7), 301), entry(m.one(8), P), false)).as("now it may").isZero();
    }

    @Test
    void throughARecursiveMapNothingIsWritable() {
        m.pinChain();
        assertThat(tables.updateEntry(ma(m.one(0), 300), entry(m.one(0), P), false)).isZero();
        long recursiveVa = 0xFFFF_0000_0000_0000L | 300L << 39;

        assertThat(tables.translate(m.one(0), recursiveVa, false)).isEqualTo(m.one(3) << 12);
        assertThat(tables.translate(m.one(0), recursiveVa, true)).isEqualTo(-PageTables.EFAULT);
        assertRefused(tables.updateVaMapping(m.one(0), recursiveVa, entry(m.one(9), P | RW)), Refusal.NOT_AN_L1);
    }
}
