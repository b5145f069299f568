package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.GRANT_TABLE_OP;
import static xenolith.abi.XenErrno.EBUSY;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EOPNOTSUPP;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ERANGE;
import static xenolith.abi.XenErrno.ESRCH;
import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_GNTREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_VIRT_ADDR;
import static xenolith.abi.XenGrantTable.GNTST_EAGAIN;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_PERMISSION_DENIED;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.TestDomain;

/// Size, frames and version of a table.
@Timeout(30)
class GrantTableHypercallTest {
    private static final int PAGE = TestCalls.ARG + 10;

    private final TestGrants g = new TestGrants();
    private final TestDomain d = g.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        g.calls.assertSound();
    }

    private long query() {
        g.calls.arg(TestCalls.SELF, 0);
        return g.op(XenGrantTable.GNTTABOP_QUERY_SIZE);
    }

    @Test
    void aTableBeginsWithOneFrameOfVersionOneAndTellsItsMaximum() {
        assertThat(query()).isZero();

        assertThat(g.calls.intAt(TestCalls.ARG, 4)).isOne();
        assertThat(g.calls.intAt(TestCalls.ARG, 8)).isEqualTo(TestDomain.MAX_GRANT_FRAMES);
        assertThat(g.calls.intAt(TestCalls.ARG, 12) & 0xffff).isZero();
        g.calls.arg(TestCalls.SELF);
        assertThat(g.op(XenGrantTable.GNTTABOP_GET_VERSION)).isZero();
        assertThat(g.calls.intAt(TestCalls.ARG, 4)).isOne();
    }

    @Test
    void aTableGrowsToWhatIsAskedForAndNeverShrinks() {
        assertThat(g.setup(TestCalls.SELF, 3)).isZero();
        for (int i = 0; i < 3; i++) {
            assertThat(g.calls.word(TestGrants.LIST, i * 8)).isEqualTo(d.grantMfn + i);
        }
        assertThat(g.setup(TestGrants.OWN, 2)).isZero();

        query();
        assertThat(g.calls.intAt(TestCalls.ARG, 4)).isEqualTo(3);
        assertThat(d.domain.owns(d.grantMfn + 2)).isTrue();
        assertThat(d.domain.owns(d.grantMfn + 3)).as("not lent yet").isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {TestDomain.MAX_GRANT_FRAMES + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void aTableDoesNotGrowBeyondItsMaximum(int frames) {
        assertThat(g.setup(TestCalls.SELF, frames)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(d.grants.frameCount()).isOne();
    }

    @Test
    void aListThatCannotBeWrittenIsABadAddress() {
        g.calls.arg(TestCalls.ints(TestCalls.SELF, 1), 0, d.va(3));
        assertThat(g.op(XenGrantTable.GNTTABOP_SETUP_TABLE)).isZero();
        assertThat((short) g.calls.word(TestCalls.ARG, 8)).isEqualTo((short) GNTST_BAD_VIRT_ADDR);
    }

    @Test
    void otherDomainsTablesAreNotTold() {
        for (int domid : new int[] {0, 1, 6, 0x7ff1, 0xffff}) {
            int status = domid == 0 ? GNTST_PERMISSION_DENIED : GNTST_BAD_DOMAIN;
            assertThat(g.setup(domid, 1)).isEqualTo(status);
            assertThat(g.statusFrames(domid, 0)).isEqualTo(status);
            g.calls.arg(domid);
            assertThat(g.op(XenGrantTable.GNTTABOP_GET_VERSION)).isEqualTo(domid == 0 ? -EPERM : -ESRCH);
        }
    }

    @Test
    void aListThatCannotBeTheGuestsIsEFAULTAndNothingGrows() {
        g.calls.arg(TestCalls.ints(TestCalls.SELF, 3), 0, 0xffff_8080_0000_0000L);
        assertThat(g.op(XenGrantTable.GNTTABOP_SETUP_TABLE)).isEqualTo(-EFAULT);
        assertThat(d.grants.frameCount()).isOne();
        g.calls.arg(TestCalls.ints(0, TestCalls.SELF), 0xffff_8080_0000_0000L);
        assertThat(g.op(XenGrantTable.GNTTABOP_GET_STATUS_FRAMES)).isEqualTo(-EFAULT);
    }

    @Test
    void callsOfOneElementTakeNoOtherCountAndNoCallTakesANegativeOne() {
        g.calls.arg(TestCalls.SELF, 0, 0);
        for (int cmd : new int[] {2, 3, 6, 9}) {
            assertThat(g.calls.call(GRANT_TABLE_OP, cmd, g.calls.arg(), 0)).isEqualTo(-EINVAL);
            assertThat(g.calls.call(GRANT_TABLE_OP, cmd, g.calls.arg(), 2)).isEqualTo(-EINVAL);
        }
        for (int cmd = 0; cmd < 14; cmd++) {
            assertThat(g.calls.call(GRANT_TABLE_OP, cmd, g.calls.arg(), 0x8000_0000L)).isEqualTo(-EINVAL);
        }
    }

    @Test
    void transfersAreNotSupportedAndUnknownCallsDoNotExist() {
        assertThat(g.op(XenGrantTable.GNTTABOP_TRANSFER)).isEqualTo(-EOPNOTSUPP);
        assertThat(g.op(13)).isEqualTo(-ENOSYS);
        assertThat(g.op(0xfff)).isEqualTo(-ENOSYS);
        for (int cmd : new int[] {-1, 1 << 12 | XenGrantTable.GNTTABOP_QUERY_SIZE, Integer.MIN_VALUE}) {
            assertThat(g.op(cmd)).as("bits that are Xen's own").isEqualTo(-EINVAL);
        }
    }

    private long flush(long address, int offset, int byteLength, int op) {
        g.calls.arg(address, offset | (long) byteLength << 16 | (long) op << 32);
        return g.op(XenGrantTable.GNTTABOP_CACHE_FLUSH);
    }

    @Test
    void cachesNeedNoFlushAndBadFlushesHaveTheirErrno() {
        assertThat(flush(d.ma(PAGE), 0, 4096, 3)).isEqualTo(-EOPNOTSUPP);
        assertThat(flush(d.ma(PAGE), 100, 0, 1)).as("nothing to flush").isZero();
        assertThat(flush(d.ma(PAGE), 100, 8, 0)).as("nothing to do").isZero();
        assertThat(flush(d.ma(PAGE), 4096, 0, 1)).isEqualTo(-EINVAL);
        assertThat(flush(d.ma(PAGE), 4095, 2, 1)).isEqualTo(-EINVAL);
        assertThat(flush(d.ma(PAGE), 0, 8, 4)).isEqualTo(-EINVAL);
        assertThat(flush(d.ma(PAGE), 0, 8, 1 << 31)).isEqualTo(-EINVAL);
        assertThat(flush(d.memory.endMfn() << 12, 0, 8, 1)).isEqualTo(-EINVAL);
        assertThat(flush(-1, 0, 8, 1)).isEqualTo(-EINVAL);
        assertThat(flush(d.memory.endMfn() - 1 << 12, 0, 8, 1)).isEqualTo(-EPERM);
        assertThat(g.calls.call(GRANT_TABLE_OP, XenGrantTable.GNTTABOP_CACHE_FLUSH, 0, 1)).isEqualTo(-EFAULT);
        g.calls.again = 0;
        assertThat(g.calls.call(GRANT_TABLE_OP, XenGrantTable.GNTTABOP_CACHE_FLUSH, TestDomain.ENDLESS_VA, 10_000))
                .as("empty ones").isZero();
        assertThat(g.calls.again).isPositive();
    }

    // ---- versions

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1, Integer.MIN_VALUE})
    void versionsThatAreNoneAreRefusedAndThePresentOneTold(int version) {
        assertThat(g.setVersion(version)).isEqualTo(-EINVAL);
        assertThat(g.calls.intAt(TestCalls.ARG, 0)).isOne();
    }

    @Test
    void versionTwoHasStatusFramesAndVersionOneHasNone() {
        assertThat(g.statusFrames(TestCalls.SELF, 1)).isEqualTo(GNTST_GENERAL_ERROR);

        assertThat(g.setVersion(2)).isZero();
        assertThat(g.statusFrames(TestCalls.SELF, 2)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.statusFrames(TestCalls.SELF, 1)).isZero();
        long statusMfn = g.calls.word(TestGrants.LIST, 0);
        assertThat(d.domain.owns(statusMfn)).isTrue();

        assertThat(g.setVersion(1)).isZero();
        assertThat(d.domain.owns(statusMfn)).isFalse();
    }

    @Test
    void aMappedStatusFrameKeepsItsVersion() {
        g.setVersion(2);
        g.statusFrames(TestCalls.SELF, 1);
        long statusMfn = g.calls.word(TestGrants.LIST, 0);
        assertThat(d.domain.pageTables().updateEntry(d.l1EntryMa(PAGE), statusMfn << 12 | 0x67, false)).isZero();

        assertThat(g.setVersion(1)).isEqualTo(-EBUSY);
        assertThat(d.grants.version()).isEqualTo(2);

        assertThat(d.domain.pageTables().updateEntry(d.l1EntryMa(PAGE), 0, false)).isZero();
        assertThat(g.setVersion(1)).isZero();
    }

    @Test
    void reservedEntriesOutliveAChangeOfVersionAndOthersAreCleared() {
        d.grants.seed(0, 0, d.mfn(PAGE));
        g.grantV1(7, TestGrants.PERMIT | TestGrants.READONLY, 3, 0xffff_fff0L);
        g.grantV1(8, TestGrants.PERMIT, TestGrants.OWN, d.mfn(PAGE));
        g.grantV1(2, XenGrantTable.GTF_ACCEPT_TRANSFER, 3, 0x55);

        assertThat(g.setVersion(2)).isZero();
        assertThat(g.wordV2(0, 0)).isEqualTo(TestGrants.PERMIT);
        assertThat(g.wordV2(0, 1)).isEqualTo(d.mfn(PAGE));
        assertThat(g.wordV2(7, 0)).isEqualTo(TestGrants.PERMIT | TestGrants.READONLY | 3L << 16);
        assertThat(g.wordV2(7, 1)).isEqualTo(0xffff_fff0L);
        assertThat(g.wordV2(2, 0)).isZero();
        for (int ref = 8; ref < 256; ref++) {
            assertThat(g.wordV2(ref, 0) | g.wordV2(ref, 1)).isZero();
        }

        assertThat(g.setVersion(1)).isZero();
        assertThat(g.wordV1(0)).isEqualTo(TestGrants.PERMIT | d.mfn(PAGE) << 32);
        assertThat(g.wordV1(7)).isEqualTo(TestGrants.PERMIT | TestGrants.READONLY | 3L << 16 | 0xffff_fff0L << 32);
        assertThat(g.wordV1(8)).isZero();
    }

    @Test
    void reservedEntriesThatVersionOneCannotSayAreOutOfRange() {
        g.setVersion(2);
        g.grantV2(3, TestGrants.PERMIT, 0, 1L << 32);
        assertThat(g.setVersion(1)).isEqualTo(-ERANGE);
        g.grantV2(3, XenGrantTable.GTF_TRANSITIVE, 0, 0);
        assertThat(g.setVersion(1)).isEqualTo(-ERANGE);
        g.grantV2(3, 0, 0, 1L << 32);
        assertThat(g.setVersion(1)).isZero();
    }

    @Test
    void theVersionStaysWhileAnEntryIsInUseUnlessItIsReserved() {
        g.grantV1(8, TestGrants.PERMIT, TestGrants.OWN, d.mfn(PAGE));
        assertThat(g.map(d.va(PAGE + 1), TestGrants.HOST, 8)).isZero();
        int handle = g.handle();

        assertThat(g.setVersion(2)).isEqualTo(-EBUSY);
        assertThat(g.calls.intAt(TestCalls.ARG, 0)).isOne();
        assertThat(g.setVersion(1)).isZero();

        assertThat(g.unmap(d.va(PAGE + 1), 0, handle)).isZero();
        g.grantV1(7, TestGrants.PERMIT, TestGrants.OWN, d.mfn(PAGE));
        assertThat(g.map(d.va(PAGE + 1), TestGrants.HOST, 7)).isZero();
        handle = g.handle();
        assertThat(g.setVersion(2)).isZero();
        assertThat(g.wordV2(7, 0)).isEqualTo(TestGrants.PERMIT | (long) TestGrants.OWN << 16);
        assertThat(g.statusV2(7)).isEqualTo(TestGrants.IN_USE);
        assertThat(g.setVersion(1)).isZero();
        assertThat(g.marks(7)).isEqualTo(TestGrants.IN_USE);
        assertThat(g.unmap(d.va(PAGE + 1), 0, handle)).isZero();
        assertThat(g.marks(7)).isZero();
    }

    // ---- swap

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void entriesThatNobodyUsesCanBeSwapped(int version) {
        g.setVersion(version);
        grant(version, 10, 1);
        grant(version, 11, 2);

        assertThat(g.swap(10, 11)).isZero();

        long first = version == 1 ? g.wordV1(10) : g.wordV2(10, 1);
        assertThat(version == 1 ? first >>> 32 : first).isEqualTo(2);
        assertThat(g.swap(10, 10)).isZero();
        assertThat(g.swap(10, version == 1 ? 512 : 256)).isEqualTo(GNTST_BAD_GNTREF);
        assertThat(g.swap(-1, 10)).isEqualTo(GNTST_BAD_GNTREF);
    }

    @Test
    void entriesInUseAreNotSwapped() {
        g.grantV1(10, TestGrants.PERMIT, TestGrants.OWN, d.mfn(PAGE));
        g.map(d.va(PAGE + 1), TestGrants.HOST | TestGrants.RO, 10);
        assertThat(g.swap(10, 11)).isEqualTo(GNTST_EAGAIN);
        assertThat(g.swap(11, 10)).isEqualTo(GNTST_EAGAIN);
    }

    private void grant(int version, int ref, long mfn) {
        if (version == 1) {
            g.grantV1(ref, TestGrants.PERMIT, 1, mfn);
        } else {
            g.grantV2(ref, TestGrants.PERMIT, 1, mfn);
        }
    }
}
