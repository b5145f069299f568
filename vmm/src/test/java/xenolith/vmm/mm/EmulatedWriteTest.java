package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.A;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmulatedWriteTest {
    private final TestMachine m = new TestMachine();
    private final PageTables tables = m.dom1;
    private long l1;

    @BeforeEach
    void mapAPage() {
        m.pinChain();
        l1 = m.one(3);
        assertThat(tables.updateEntry(ma(l1, 0), entry(m.one(5), P | RW), false)).isZero();
    }

    @AfterEach
    void countsAgreeWithTheTables() {
        m.assertSound();
    }

    @Test
    void anExchangeWithZeroUnmaps() {
        assertThat(tables.emulatedWrite(ma(l1, 0), entry(m.one(5), P | RW | U), 0)).isZero();
        assertThat(m.load(l1, 0)).isZero();
        m.assertCounts(m.one(5), 0, 0);
    }

    @Test
    void anExchangeMayNameAnotherFrame() {
        assertThat(tables.emulatedWrite(ma(l1, 0), entry(m.one(5), P | RW | U), entry(m.one(6), P | RW))).isZero();
        assertThat(m.load(l1, 0)).isEqualTo(entry(m.one(6), P | RW | U));
        m.assertCounts(m.one(5), 0, 0);
        m.assertCounts(m.one(6), 1, 1);
    }

    @Test
    void theGuestsOldValueMustStillStandOrItsInstructionRunsAgain() {
        m.store(l1, 0, m.load(l1, 0) | A);

        long rc = tables.emulatedWrite(ma(l1, 0), entry(m.one(5), P | RW | U), entry(m.one(6), P | RW));

        assertThat(rc).isEqualTo(PageTables.RETRY);
        assertThat(tables.refusals().reason()).isEqualTo(Refusal.ENTRY_CHANGED);
        assertThat(m.load(l1, 0)).isEqualTo(entry(m.one(5), P | RW | U | A));
        m.assertCounts(m.one(6), 0, 0);
    }

    @Test
    void emulationGrantsNothingThatAnUpdateWouldNot() {
        long old = m.load(l1, 0);

        assertThat(tables.emulatedWrite(ma(l1, 0), old, entry(l1, P | RW)))
                .isEqualTo(Refusal.TYPE_CONFLICT.negativeErrno());
        assertThat(tables.emulatedWrite(ma(l1, 0), old, entry(m.two(0), P)))
                .isEqualTo(Refusal.FRAME_NOT_OWNED.negativeErrno());
        assertThat(tables.emulatedWrite(ma(l1, 0), old, entry(m.one(5), P) | 1L << 62))
                .isEqualTo(Refusal.RESERVED_BITS.negativeErrno());
        assertThat(m.load(l1, 0)).isEqualTo(old);
    }

    @Test
    void onlyLevelOneTablesAreWrittenByEmulation() {
        assertThat(tables.emulatedWrite(ma(m.one(2), 0), m.load(m.one(2), 0), 0))
                .isEqualTo(Refusal.NOT_AN_L1.negativeErrno());
        assertThat(tables.emulatedWrite(ma(m.one(9), 0), 0, 1)).isEqualTo(Refusal.NOT_AN_L1.negativeErrno());
        assertThat(tables.emulatedWrite(ma(m.two(9), 0), 0, 1)).isEqualTo(Refusal.NOT_AN_L1.negativeErrno());
        assertThat(tables.emulatedWrite(ma(l1, 0) + 1, 0, 1)).isEqualTo(Refusal.MISALIGNED.negativeErrno());
        assertThat(tables.emulatedWrite(0, 0, 1)).isEqualTo(Refusal.NOT_AN_L1.negativeErrno());
    }

    @Test
    void aLostRaceWithTheHardwareTakesNothing() {
        EntryWriter loses = new LosingWriter(m);
        PageTables losing = new PageTables(m.memory, m.frames, TestMachine.DOM1, loses);

        long rc = losing.emulatedWrite(ma(l1, 0), m.load(l1, 0), entry(m.one(6), P | RW));

        assertThat(rc).isEqualTo(PageTables.RETRY);
        m.assertCounts(m.one(6), 0, 0);
        m.assertCounts(m.one(5), 1, 1);
    }

    /// The hardware sets Accessed between the check and the exchange, every time.
    private record LosingWriter(TestMachine machine) implements EntryWriter {
        @Override
        public CommitEpoch epoch() {
            return machine.hardware1.epoch();
        }

        @Override
        public void write(long entryMa, long oldValue, long newValue, int level, boolean preserveAd) {
            throw new AssertionError("an exchange is not a write");
        }

        @Override
        public boolean exchange(long entryMa, long expected, long newValue, int level) {
            machine.memory.getAndOrWord(entryMa, A);
            return machine.hardware1.exchange(entryMa, expected, newValue, level);
        }

        @Override
        public void retired(long mfn) {
            machine.hardware1.retired(mfn);
        }

        @Override
        public void installHypervisorSlots(long mfn) {
            machine.hardware1.installHypervisorSlots(mfn);
        }

        @Override
        public boolean commitBeforeReturn() {
            return machine.hardware1.commitBeforeReturn();
        }
    }
}
