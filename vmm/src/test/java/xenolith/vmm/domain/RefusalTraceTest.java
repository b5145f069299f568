package xenolith.vmm.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import xenolith.vmm.mm.Refusal;

/// What `--trace refusals` says, and that a guest cannot make it say ever more.
class RefusalTraceTest {
    private static final long RIP = 0xffffffff81001234L;

    private final TestDomain d = new TestDomain();

    private void refuse(int times) {
        for (int i = 0; i < times; i++) {
            assertThat(d.domain.pageTables().unpin(d.mfn(TestDomain.SPARE))).isNegative();
        }
    }

    @Test
    void aRefusalIsALineThatNamesItsRuleItsFrameAndWhoAsked() {
        d.domain.refusalTrace().asks(0, RIP);
        refuse(1);
        assertThat(d.lines).singleElement().asString().startsWith("vcpu0 refused NOT_PINNED: mfn ")
                .contains(Long.toHexString(d.mfn(TestDomain.SPARE)), "owner ", "type ", "from 0xffffffff81001234");
    }

    @Test
    void refusalsInALoopAreCountedAndNotListed() {
        refuse(20_000);
        assertThat(d.lines).hasSizeLessThan(110);
        assertThat(d.lines).last().asString().isEqualTo("refused so far: NOT_PINNED 10000");
        assertThat(d.domain.pageTables().refusals().count(Refusal.NOT_PINNED)).isEqualTo(20_000);
        assertThat(d.domain.pageTables().refusals().formatCounts()).isEqualTo("NOT_PINNED 20000");
    }
}
