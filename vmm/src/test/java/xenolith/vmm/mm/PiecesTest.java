package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Trees of many tables are validated and dissolved a piece at a time.
class PiecesTest {
    private static final int PIECE = 8;
    private static final int LEAVES = 100;
    private static final int L4 = 0;
    private static final int L3 = 1;
    private static final int L2 = 2;
    private static final int OTHER_L2 = 3;
    private static final int FIRST_L1 = 4;
    private static final int DATA = FIRST_L1 + LEAVES;

    private final TestMachine m = new TestMachine(DATA + 4, PIECE);
    private final PageTables tables = m.dom1;

    @AfterEach
    void countsAgreeWithTheTables() {
        m.assertSound();
    }

    /// An L4 with one L3 with two L2s, which share out the L1s between them.
    private void build() {
        m.store(m.one(L4), 0, entry(m.one(L3), P | RW));
        m.store(m.one(L3), 0, entry(m.one(L2), P | RW));
        m.store(m.one(L3), 511, entry(m.one(OTHER_L2), P | RW));
        for (int i = 0; i < LEAVES; i++) {
            m.store(m.one(i % 2 == 0 ? L2 : OTHER_L2), i, entry(m.one(FIRST_L1 + i), P | RW));
            m.store(m.one(FIRST_L1 + i), 0, entry(m.one(DATA), P | RW));
        }
    }

    private int validated() {
        int count = 0;
        for (int i = L4; i < DATA; i++) {
            count += m.frames.typeCount(m.one(i)) > 0 ? 1 : 0;
        }
        return count;
    }

    /// Repeats a call until it has its answer; each time, not more than a piece changes.
    private int repeat(LongSupplier call, long answer) {
        int pieces = 0;
        long rc;
        do {
            int before = validated();
            rc = call.getAsLong();
            assertThat(Math.abs(validated() - before)).as("piece %d", pieces).isLessThanOrEqualTo(PIECE + 4);
            m.assertSound();
            pieces++;
        } while (rc == PageTables.RETRY);
        assertThat(rc).isEqualTo(answer);
        return pieces;
    }

    /// What was left behind is taken up by whatever call comes next.
    private void settle() {
        repeat(() -> tables.updateEntry(ma(m.one(DATA + 1), 0), 0, false), 0);
    }

    @Test
    void aBigTreeIsPinnedAndUnpinnedInPieces() {
        build();

        assertThat(repeat(() -> tables.pin(m.one(L4), 4), 0)).isGreaterThan(LEAVES / (PIECE + 4));
        settle();
        for (int i = L3; i < DATA; i++) {
            m.assertCounts(m.one(i), 1, 1);
        }
        assertThat(repeat(() -> tables.unpin(m.one(L4)), 0)).isOne();
        settle();

        assertThat(validated()).isZero();
        m.assertCounts(m.one(DATA), 0, 0);
    }

    @Test
    void aTreeThatIsBadAtItsEndIsRefusedAndLeavesNothing() {
        build();
        m.store(m.one(FIRST_L1 + LEAVES - 1), 511, entry(m.two(0), P));

        repeat(() -> tables.pin(m.one(L4), 4), Refusal.FRAME_NOT_OWNED.negativeErrno());
        settle();

        assertThat(validated()).isZero();
    }

    @Test
    void otherCallsGoOnMeanwhileAndDoNotUndoWhatIsKept() {
        build();
        int pieces = 0;
        while (tables.pin(m.one(L4), 4) == PageTables.RETRY) {
            assertThat(tables.pin(m.one(DATA + 2), 1)).isZero();
            assertThat(tables.unpin(m.one(DATA + 2))).isZero();
            pieces++;
        }
        assertThat(pieces).isBetween(LEAVES / (PIECE + 4), LEAVES / (PIECE - 4));
        assertThat(tables.isPageTable(m.one(L4))).isTrue();
    }

    /// A frame that a domain got and could not be told of goes back in the same call, which cannot be repeated.
    @Test
    void aFrameWithoutReferencesIsReleasedWhateverIsLeftBehind() {
        build();
        repeat(() -> tables.pin(m.one(L4), 4), 0);
        settle();
        assertThat(tables.unpin(m.one(L4))).isZero();
        assertThat(validated()).as("left behind").isPositive();

        assertThat(tables.releaseFrame(m.one(DATA + 2))).isZero();

        assertThat(tables.checkRelease(m.one(DATA + 1))).isEqualTo(PageTables.RETRY);
        repeat(() -> tables.checkRelease(m.one(DATA + 1)), 0);
        assertThat(validated()).isZero();
    }

    @Test
    void aValidationThatIsNeverGoneOnWithEndsWithTheDomain() {
        build();
        assertThat(tables.pin(m.one(L4), 4)).isEqualTo(PageTables.RETRY);
        assertThat(validated()).isPositive();

        assertThat(tables.release()).isZero();

        assertThat(validated()).isZero();
    }

    @Test
    void twoTreesThatShareTablesAreBothFinished() {
        build();
        m.store(m.one(DATA + 3), 0, entry(m.one(L2), P | RW));
        for (int i = 0; i < 3; i++) {
            assertThat(tables.pin(m.one(L4), 4)).isEqualTo(PageTables.RETRY);
            assertThat(tables.pin(m.one(DATA + 3), 3)).isEqualTo(PageTables.RETRY);
        }

        repeat(() -> tables.pin(m.one(DATA + 3), 3), 0);
        repeat(() -> tables.pin(m.one(L4), 4), 0);
    }
}
