package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.vmm.mm.TestMachine.P;
import static xenolith.vmm.mm.TestMachine.RW;
import static xenolith.vmm.mm.TestMachine.U;
import static xenolith.vmm.mm.TestMachine.entry;
import static xenolith.vmm.mm.TestMachine.ma;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The audit finds planted faults, and refusals say what they are about.
class AuditTest {
    private final TestMachine m = new TestMachine();

    @BeforeEach
    void mapAPage() {
        m.pinChain();
        assertThat(m.dom1.updateEntry(ma(m.one(3), 0), entry(m.one(5), P | RW), false)).isZero();
        assertThat(audit()).isEmpty();
    }

    private List<String> audit() {
        return Audit.differences(m.memory, m.frames);
    }

    @Test
    void aReferenceThatNobodyHoldsIsFound() {
        m.frames.refCount[m.frames.index(m.one(9))]++;
        assertThat(audit()).containsExactly("mfn 100009 owner 1 type none count 0/1: counted 0/0");
    }

    @Test
    void anEntryThatNobodyCountedIsFound() {
        m.store(m.one(3), 8, entry(m.one(6), P | U));
        assertThat(audit()).containsExactly("mfn 100006 owner 1 type none count 0/0: counted 0/1");
    }

    @Test
    void anEntryThatReachesAnotherDomainIsFound() {
        m.store(m.one(3), 8, entry(m.two(6), P | U));
        assertThat(audit()).singleElement().asString().contains("[8] = 100016005: not the owner's");
    }

    @Test
    void aWritablePageTableIsFound() {
        m.store(m.one(3), 0, entry(m.one(2), P | RW | U));
        assertThat(audit()).anyMatch(line -> line.endsWith("writes to a frame of type l2"));
    }

    @Test
    void aWritableSelfMapIsFound() {
        m.store(m.one(0), 9, entry(m.one(0), P | RW | U));
        assertThat(audit()).singleElement().asString().endsWith("writable self-map");
    }

    @Test
    void forbiddenBitsAndSupervisorPagesAreFound() {
        m.store(m.one(2), 0, m.load(m.one(2), 0) | PteBits.PSE);
        m.store(m.one(3), 0, m.load(m.one(3), 0) & ~U);
        assertThat(audit()).hasSize(2).allMatch(line -> line.endsWith(": bits"));
    }

    @Test
    void aTableOfTheWrongLevelIsFound() {
        m.store(m.one(2), 0, entry(m.one(1), P | RW | U));
        assertThat(audit()).anyMatch(line -> line.endsWith("names a frame of type l3"));
    }

    @Test
    void aFrameInUseWithoutAnOwnerIsFound() {
        int i = m.frames.index(m.one(5));
        m.frames.identity[i] = m.frames.identity[i] & ~FrameTable.OWNER_MASK | FrameTable.DOMID_XEN;
        assertThat(audit()).anyMatch(line -> line.endsWith("in use without an owner"));
    }

    @Test
    void aTableThatNobodyValidatedIsFound() {
        m.frames.identity[m.frames.index(m.one(3))] &= ~FrameTable.VALIDATED;
        assertThat(audit()).singleElement().asString().endsWith("validated bit is wrong");
    }

    @Test
    void aRefusalNamesFrameCountsAndEntryInOneLine() {
        assertThat(m.dom1.refusals().format()).isEqualTo("nothing refused");

        m.dom1.updateEntry(ma(m.one(3), 7), entry(m.one(2), P | RW), false);

        assertThat(m.dom1.refusals().format()).isEqualTo("TYPE_CONFLICT: mfn 100002 owner 1 type l2 count 1/1,"
                + " by l1 entry 100003000[7] = 100002007");
        m.dom1.pin(m.one(5), 3);
        assertThat(m.dom1.refusals().format())
                .isEqualTo("TYPE_CONFLICT: mfn 100005 owner 1 type writable count 1/1, as l3");
        m.dom1.newBase(-1);
        assertThat(m.dom1.refusals().format()).isEqualTo("BEYOND_MEMORY: mfn ffffffffffffffff, as l4");
        assertThat(m.dom1.refusals().count(Refusal.TYPE_CONFLICT)).isEqualTo(2);
        assertThat(m.dom1.refusals().total()).isEqualTo(3);
    }
}
