package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.XenGrantTable.GNTST_BAD_COPY_ARG;
import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_GNTREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_PAGE;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_PERMISSION_DENIED;
import static xenolith.vmm.hypercall.TestGrants.OWN;
import static xenolith.vmm.hypercall.TestGrants.PERMIT;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.hypercall.TestGrants.End;

@Timeout(30)
class GrantCopyHypercallTest {
    private static final int REF = 9;
    private static final int FROM = TestCalls.ARG + 10;
    private static final int TO = TestCalls.ARG + 11;

    private final TestGrants g = new TestGrants();
    private final TestDomain d = g.d;

    @AfterEach
    void nothingRemainsPinned() {
        g.calls.assertSound();
        assertThat(g.marks(REF)).isZero();
        assertThat(g.marks(REF + 1)).isZero();
    }

    private static End page(TestDomain d, int pfn, int offset) {
        return End.frame(d.mfn(pfn), offset);
    }

    @Test
    void framesAndGrantsAreCopiedInEveryCombination() {
        g.grantV1(REF, PERMIT | TestGrants.READONLY, OWN, d.mfn(FROM));
        g.grantV1(REF + 1, PERMIT, OWN, d.mfn(TO));
        End[] sources = {page(d, FROM, 16), End.grant(REF, 16)};
        End[] targets = {page(d, TO, 4080), End.grant(REF + 1, 4080)};
        long value = 0x1122_3344_5566_7788L;
        for (End from : sources) {
            for (End to : targets) {
                g.calls.put(FROM, 16, ++value, ~value);
                assertThat(g.copy(from, to, 16)).isZero();
                assertThat(g.calls.word(TO, 4080)).isEqualTo(value);
                assertThat(g.calls.word(TO, 4088)).isEqualTo(~value);
            }
        }
    }

    @Test
    void aPageMayBeCopiedOntoItself() {
        g.grantV1(REF, PERMIT, OWN, d.mfn(FROM));
        g.calls.put(FROM, 0, 1, 2, 3);
        assertThat(g.copy(End.grant(REF, 0), End.grant(REF, 8), 24)).isZero();
        assertThat(g.calls.word(FROM, 24)).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"4096,0,1", "0,4096,1", "1,0,4096", "0,1,4096", "65535,0,65535", "0,65535,65535", "0,0,4097"})
    void whatCrossesAPageIsABadArgument(int from, int to, int byteLength) {
        assertThat(g.copy(page(d, FROM, from), page(d, TO, to), byteLength)).isEqualTo(GNTST_BAD_COPY_ARG);
    }

    @Test
    void aWholePageAndNothingAtAllCanBeCopied() {
        assertThat(g.copy(page(d, FROM, 0), page(d, TO, 0), 4096)).isZero();
        assertThat(g.copy(page(d, FROM, 4096), page(d, TO, 0), 0)).isZero();
    }

    @Test
    void framesThatAreNotTheDomainsAreBadPages() {
        for (long mfn : new long[] {0, -1, d.grantMfn + 3, d.memory.endMfn(), Long.MIN_VALUE}) {
            assertThat(g.copy(End.frame(mfn, 0), page(d, TO, 0), 8)).as("%x", mfn).isEqualTo(GNTST_BAD_PAGE);
            assertThat(g.copy(page(d, FROM, 0), End.frame(mfn, 0), 8)).isEqualTo(GNTST_BAD_PAGE);
        }
    }

    @Test
    void pageTablesAreCopiedFromButNotTo() {
        long before = g.calls.word(3, 0);
        g.grantV1(REF, PERMIT, OWN, d.mfn(3));
        assertThat(g.copy(page(d, FROM, 0), page(d, 3, 0), 8)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.copy(page(d, FROM, 0), End.grant(REF, 0), 8)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.calls.word(3, 0)).isEqualTo(before);
        assertThat(g.copy(page(d, 3, 0), page(d, TO, 0), 8)).isZero();
        assertThat(g.calls.word(TO, 0)).isEqualTo(before);
    }

    @Test
    void domainsAreCheckedFirst() {
        End frame = page(d, TO, 9999);
        assertThat(g.copy(new End(d.mfn(FROM), OWN, 0, false), frame, 8)).isEqualTo(GNTST_PERMISSION_DENIED);
        assertThat(g.copy(new End(REF, 0, 0, true), frame, 8)).isEqualTo(GNTST_BAD_DOMAIN);
        assertThat(g.copy(page(d, FROM, 0), new End(REF, 6, 0, true), 8)).isEqualTo(GNTST_BAD_DOMAIN);
        assertThat(g.copy(page(d, FROM, 0), new End(d.mfn(TO), 0, 0, false), 8)).isEqualTo(GNTST_PERMISSION_DENIED);
    }

    @Test
    void grantsThatAreNoneAreRefused() {
        g.grantV1(REF, PERMIT | TestGrants.READONLY, OWN, d.mfn(TO));
        assertThat(g.copy(page(d, FROM, 0), End.grant(REF, 0), 8)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.copy(End.grant(512, 0), page(d, TO, 0), 8)).isEqualTo(GNTST_BAD_GNTREF);
        assertThat(g.copy(End.grant(-1, 0), page(d, TO, 0), 8)).isEqualTo(GNTST_BAD_GNTREF);
        assertThat(g.copy(page(d, FROM, 0), End.grant(Integer.MIN_VALUE, 0), 8)).isEqualTo(GNTST_BAD_GNTREF);
        assertThat(g.copy(End.grant(20, 0), page(d, TO, 0), 8)).isEqualTo(GNTST_GENERAL_ERROR);
    }

    @Test
    void aPartOfAPageIsCopiedWithinItsBoundsAlone() {
        g.setVersion(2);
        g.grantPart(REF, PERMIT | TestGrants.SUB_PAGE, OWN, d.mfn(FROM), 100, 50);
        assertThat(g.copy(End.grant(REF, 100), page(d, TO, 0), 50)).isZero();
        assertThat(g.copy(End.grant(REF, 99), page(d, TO, 0), 1)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.copy(End.grant(REF, 100), page(d, TO, 0), 51)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.copy(page(d, TO, 0), End.grant(REF, 149), 1)).isZero();
        assertThat(g.copy(page(d, TO, 0), End.grant(REF, 150), 1)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.copy(End.grant(REF, 100), End.grant(REF, 150), 1)).isEqualTo(GNTST_GENERAL_ERROR);
        g.grantPart(REF, PERMIT | TestGrants.SUB_PAGE, OWN, d.mfn(FROM), 65535, 65535);
        assertThat(g.copy(End.grant(REF, 65535), page(d, TO, 0), 1)).isEqualTo(GNTST_BAD_COPY_ARG);
        g.grantV2(REF, XenGrantTable.GTF_TRANSITIVE, OWN, 1L << 32 | OWN);
        assertThat(g.copy(End.grant(REF, 0), page(d, TO, 0), 1)).isEqualTo(GNTST_GENERAL_ERROR);
    }

    @Test
    void aFrameThatWasAPageTableIsWrittenAfterACommit() {
        assertThat(d.domain.pageTables().pin(d.mfn(TestDomain.SPARE), 1)).isZero();
        assertThat(d.domain.pageTables().unpin(d.mfn(TestDomain.SPARE))).isZero();
        g.grantV1(REF, PERMIT, OWN, d.mfn(FROM));

        assertThat(g.copy(End.grant(REF, 0), page(d, TestDomain.SPARE, 0), 8)).isZero();

        assertThat(g.calls.again).isPositive();
    }
}
