package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.A;
import static xenolith.vmm.mm.TestMachine.D;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryUpdateTest {
    private final TestMachine m = new TestMachine();
    private final PageTables tables = m.dom1;
    private long l4;
    private long l1;

    @BeforeEach
    void pinAChain() {
        m.pinChain();
        l4 = m.one(0);
        l1 = m.one(3);
    }

    @AfterEach
    void countsAgreeWithTheTables() {
        m.assertSound();
    }

    private long update(long mfn, int slot, long value) {
        return tables.updateEntry(ma(mfn, slot), value, false);
    }

    private void assertRefused(long rc, Refusal reason) {
        assertThat(tables.refusals().reason()).isEqualTo(reason);
        assertThat(rc).isEqualTo(reason.negativeErrno()).isNegative();
    }

    @Test
    void aWritableEntryTakesTheWritableTypeAndAReadOnlyOneDoesNot() {
        assertThat(update(l1, 0, entry(m.one(5), P | RW))).isZero();
        assertThat(update(l1, 1, entry(m.one(5), P))).isZero();
        m.assertCounts(m.one(5), 1, 2);

        assertThat(update(l1, 0, entry(m.one(5), P))).isZero();
        m.assertCounts(m.one(5), 0, 2);

        assertThat(update(l1, 0, 0)).isZero();
        assertThat(update(l1, 1, 0)).isZero();
        m.assertCounts(m.one(5), 0, 0);
    }

    @Test
    void aPageTableIsNeverMappedWritable() {
        assertRefused(update(l1, 0, entry(l1, P | RW)), Refusal.TYPE_CONFLICT);
        assertRefused(update(l1, 0, entry(l4, P | RW)), Refusal.TYPE_CONFLICT);
        assertThat(update(l1, 0, entry(l1, P))).isZero();
        assertRefused(update(l1, 0, entry(l1, P | RW)), Refusal.TYPE_CONFLICT);
        assertThat(m.load(l1, 0)).as("a refused update leaves the entry").isEqualTo(entry(l1, P | U));
    }

    @Test
    void aRefusedUpdateKeepsTheOldReference() {
        assertThat(update(l1, 0, entry(m.one(5), P | RW))).isZero();

        assertRefused(update(l1, 0, entry(m.two(0), P)), Refusal.FRAME_NOT_OWNED);
        m.assertCounts(m.one(5), 1, 1);
    }

    @Test
    void aChangeOfFlagsAloneMovesNoReference() {
        assertThat(update(l1, 0, entry(m.one(5), P | RW))).isZero();

        assertThat(update(l1, 0, entry(m.one(5), P | RW | U | A | PteBits.NX | 0xE00))).isZero();

        m.assertCounts(m.one(5), 1, 1);
        assertThat(m.load(l1, 0)).isEqualTo(entry(m.one(5), P | RW | U | A | PteBits.NX | 0xE00));
    }

    @Test
    void absentEntriesMayHoldAnything() {
        long junk = 0x7FFF_FFFF_FFFF_FFFEL;

        assertThat(update(l1, 0, junk)).isZero();
        assertThat(update(m.one(2), 5, junk)).isZero();

        assertThat(m.load(l1, 0)).isEqualTo(junk);
        assertThat(m.load(m.one(2), 5)).isEqualTo(junk);
    }

    @ParameterizedTest
    @ValueSource(ints = {59, 60, 61, 62})
    void protectionKeysAreReservedAtEveryLevel(int bit) {
        assertRefused(update(l1, 0, entry(m.one(5), P) | 1L << bit), Refusal.RESERVED_BITS);
        assertRefused(update(m.one(2), 1, entry(m.one(6), P) | 1L << bit), Refusal.RESERVED_BITS);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 7, 9, 10, 11, 52, 58, 63})
    void cacheAttributesAndAvailableBitsAreFreeInL1(int bit) {
        assertThat(update(l1, 0, entry(m.one(5), P) | 1L << bit)).isZero();
        assertThat(m.load(l1, 0)).isEqualTo(entry(m.one(5), P | U) | 1L << bit);
    }

    @Test
    void thereAreNoSuperpages() {
        assertRefused(update(m.one(2), 1, entry(m.one(6), P | PteBits.PSE)), Refusal.SUPERPAGE);
        assertRefused(update(m.one(1), 1, entry(m.one(6), P | PteBits.PSE)), Refusal.SUPERPAGE);
        assertRefused(update(l4, 1, entry(m.one(6), P | PteBits.PSE)), Refusal.SUPERPAGE);
        assertRefused(update(m.one(2), 0, entry(l1, P | RW | PteBits.PSE)), Refusal.SUPERPAGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 45, 51})
    void addressesAboveTheMachineAreRefused(int bit) {
        assertRefused(update(l1, 0, entry(m.one(5), P) | 1L << bit), Refusal.BEYOND_MEMORY);
        assertRefused(update(l4, 0, entry(m.one(5), P) | 1L << bit), Refusal.BEYOND_MEMORY);
    }

    @Test
    void anUpperEntryPromotesTheTableItNames() {
        m.store(m.one(6), 3, entry(m.one(7), P | RW));

        assertThat(update(m.one(2), 1, entry(m.one(6), P | RW))).isZero();

        assertThat(m.frames.type(m.one(6))).isEqualTo(PageType.L1);
        m.assertCounts(m.one(7), 1, 1);
        assertThat(m.load(m.one(2), 1)).isEqualTo(entry(m.one(6), P | RW | U));
    }

    @Test
    void anUpperEntryWhoseTableIsRefusedStaysAsItWas() {
        m.store(m.one(6), 3, entry(m.one(7), P | RW));
        m.store(m.one(6), 4, entry(m.two(7), P | RW));

        assertRefused(update(m.one(2), 0, entry(m.one(6), P | RW)), Refusal.FRAME_NOT_OWNED);

        m.assertCounts(m.one(6), 0, 0);
        m.assertCounts(m.one(7), 0, 0);
        assertThat(m.load(m.one(2), 0)).isEqualTo(entry(l1, P | RW | U));
    }

    @Test
    void replacingAnUpperEntryDissolvesTheOldTable() {
        assertThat(update(l1, 0, entry(m.one(5), P | RW))).isZero();

        assertThat(update(m.one(2), 0, entry(m.one(6), P | RW))).isZero();

        m.assertCounts(l1, 0, 0);
        m.assertCounts(m.one(5), 0, 0);
        assertThat(m.hardware1.retired).containsExactly(l1);
    }

    @Test
    void preservingAccessedAndDirtyKeepsWhatTheHardwareSet() {
        assertThat(update(l1, 0, entry(m.one(5), P | RW))).isZero();
        m.store(l1, 0, m.load(l1, 0) | A | D);

        assertThat(tables.updateEntry(ma(l1, 0), entry(m.one(5), P), true)).isZero();
        assertThat(m.load(l1, 0)).isEqualTo(entry(m.one(5), P | U | A | D));

        assertThat(update(l1, 0, entry(m.one(5), P))).isZero();
        assertThat(m.load(l1, 0)).isEqualTo(entry(m.one(5), P | U));
    }

    @Test
    void aWordOfAPlainFrameIsSimplyWritten() {
        assertThat(update(m.one(9), 17, 0xDEAD_BEEF_DEAD_BEEFL)).isZero();
        assertThat(m.load(m.one(9), 17)).isEqualTo(0xDEAD_BEEF_DEAD_BEEFL);
    }

    @Test
    void noWordOfAnotherDomainIsWritten() {
        assertRefused(update(m.two(9), 17, 1), Refusal.FRAME_NOT_OWNED);
        assertThat(m.load(m.two(9), 17)).isZero();
    }

    @Test
    void addressesMustBeAlignedAndInsideTheMachine() {
        assertRefused(tables.updateEntry(ma(l1, 0) + 4, 0, false), Refusal.MISALIGNED);
        assertRefused(tables.updateEntry(0, 0, false), Refusal.BEYOND_MEMORY);
        assertRefused(tables.updateEntry(-8, 0, false), Refusal.BEYOND_MEMORY);
    }

    @Test
    void updateVaMappingChangesTheLeafUnderTheRoot() {
        assertThat(tables.updateVaMapping(l4, 5L << 12, entry(m.one(5), P | RW))).isZero();
        assertThat(m.load(l1, 5)).isEqualTo(entry(m.one(5), P | RW | U));
        m.assertCounts(m.one(5), 1, 1);

        assertRefused(tables.updateVaMapping(l4, 1L << 39, 0), Refusal.NOT_MAPPED);
        assertRefused(tables.updateVaMapping(l4, 0xFFFF_8000_0000_0000L, 0), Refusal.NOT_MAPPED);
        assertRefused(tables.updateVaMapping(l4, 1L << 47, 0), Refusal.NOT_MAPPED);
    }

    @Test
    void countersAreRefusedBeforeTheyOverflow() {
        assertThat(update(l1, 0, entry(m.one(5), P | RW))).isZero();
        int i = m.frames.index(m.one(5));
        m.frames.refCount[i] = Integer.MAX_VALUE;

        assertRefused(update(l1, 1, entry(m.one(5), P | RW)), Refusal.COUNT_OVERFLOW);
        assertRefused(update(l1, 1, entry(m.one(5), P)), Refusal.COUNT_OVERFLOW);

        m.frames.refCount[i] = 1;
    }
}
