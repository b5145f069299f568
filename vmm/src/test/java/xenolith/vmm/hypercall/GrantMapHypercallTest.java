package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.GRANT_TABLE_OP;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_GNTREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_HANDLE;
import static xenolith.abi.XenGrantTable.GNTST_BAD_PAGE;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_NO_DEVICE_SPACE;
import static xenolith.vmm.hypercall.TestGrants.DEVICE;
import static xenolith.vmm.hypercall.TestGrants.HOST;
import static xenolith.vmm.hypercall.TestGrants.IN_USE;
import static xenolith.vmm.hypercall.TestGrants.OWN;
import static xenolith.vmm.hypercall.TestGrants.PERMIT;
import static xenolith.vmm.hypercall.TestGrants.PTE;
import static xenolith.vmm.hypercall.TestGrants.READONLY;
import static xenolith.vmm.hypercall.TestGrants.RO;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenGrantTable;
import xenolith.vmm.domain.TestDomain;

/// A domain maps what it grants itself.
@Timeout(30)
class GrantMapHypercallTest {
    private static final int REF = 9;
    private static final int PAGE = TestCalls.ARG + 10;
    private static final int PLACE = TestCalls.ARG + 11;
    private static final int OTHER = TestCalls.ARG + 12;

    private final TestGrants g = new TestGrants();
    private final TestDomain d = g.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        g.calls.assertSound();
    }

    private void grant(int flags) {
        g.grantV1(REF, flags, OWN, d.mfn(PAGE));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aMappingMarksTheEntryAndItsEndTakesTheMarksOff(int version) {
        g.setVersion(version);
        if (version == 1) {
            grant(PERMIT);
        } else {
            g.grantV2(REF, PERMIT, OWN, d.mfn(PAGE));
        }
        String before = d.frames.describe(d.mfn(PAGE));

        assertThat(g.map(d.va(PLACE), HOST, REF)).isZero();
        assertThat(g.busAddress()).isEqualTo(d.ma(PAGE));
        assertThat(g.entry(PLACE)).isEqualTo(d.ma(PAGE) | 0x67);
        assertThat(g.marks(REF)).isEqualTo(IN_USE);
        assertThat(g.marks(REF ^ 1)).as("the neighbour in the word").isZero();

        assertThat(g.unmap(d.va(PLACE), 0, g.handle())).isZero();
        assertThat(g.entry(PLACE)).isZero();
        assertThat(g.marks(REF)).isZero();
        assertThat(d.frames.describe(d.mfn(PAGE))).isEqualTo(before);
        assertThat(d.grants.maps().mappings()).isZero();
    }

    @Test
    void aReadOnlyMappingIsReadOnlyAndMarksReadingAlone() {
        grant(PERMIT | READONLY);
        assertThat(g.map(d.va(PLACE), HOST, REF)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.marks(REF)).isZero();

        assertThat(g.map(d.va(PLACE), HOST | RO, REF)).isZero();
        assertThat(g.entry(PLACE)).isEqualTo(d.ma(PAGE) | 0x65);
        assertThat(g.marks(REF)).isEqualTo(XenGrantTable.GTF_READING);
    }

    @Test
    void theEntryMayBeNamedByItsMachineAddressAndCarryTheGuestsBits() {
        grant(PERMIT);
        assertThat(g.map(d.l1EntryMa(PLACE), HOST | PTE | 0xffff << 16, REF)).isZero();
        assertThat(g.entry(PLACE)).isEqualTo(d.ma(PAGE) | 0xe67);
        int handle = g.handle();

        assertThat(g.replace(d.l1EntryMa(PLACE), d.va(OTHER), handle)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.unmap(d.l1EntryMa(PLACE), 0, handle)).isZero();
        assertThat(g.entry(PLACE)).isZero();
    }

    @Test
    void whatIsNoLevelOneEntryIsNoPlaceForAMapping() {
        grant(PERMIT);
        long[] entries = {0, d.l1EntryMa(PLACE) + 4, d.ma(2), d.ma(0) + 256 * 8, d.ma(PAGE), -8, d.memory.endMfn() << 12};
        for (long ma : entries) {
            assertThat(g.map(ma, HOST | PTE, REF)).as("%x", ma).isEqualTo(GNTST_GENERAL_ERROR);
        }
        long[] addresses = {0, 0x8000_0000_0000L, 0xffff_8000_0000_0000L, -4096, -1};
        for (long va : addresses) {
            assertThat(g.map(va, HOST, REF)).as("%x", va).isEqualTo(GNTST_GENERAL_ERROR);
        }
        assertThat(g.marks(REF)).isZero();
        assertThat(d.grants.maps().mappings()).isZero();
    }

    @Test
    void refsFramesAndDomainsThatAreNoneAreRefused() {
        grant(PERMIT);
        for (int ref : new int[] {512, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(g.map(d.va(PLACE), HOST, ref)).isEqualTo(GNTST_BAD_GNTREF);
        }
        assertThat(g.map(d.va(PLACE), 0, REF)).isEqualTo(GNTST_BAD_GNTREF);
        assertThat(g.map(d.va(PLACE), HOST, REF, 0)).isEqualTo(GNTST_BAD_DOMAIN);
        assertThat(g.map(d.va(PLACE), HOST, REF, OWN + 1)).isEqualTo(GNTST_BAD_DOMAIN);
        assertThat(g.map(d.va(PLACE), HOST, 0)).as("an empty entry").isEqualTo(GNTST_GENERAL_ERROR);
        g.grantV1(REF, PERMIT, OWN + 1, d.mfn(PAGE));
        assertThat(g.map(d.va(PLACE), HOST, REF)).as("another's grant").isEqualTo(GNTST_GENERAL_ERROR);
        for (long mfn : new long[] {0, 0xffff_ffffL, d.grantMfn + 3, d.memory.endMfn()}) {
            g.grantV1(REF, PERMIT, OWN, mfn);
            assertThat(g.map(d.va(PLACE), HOST, REF)).as("%x", mfn).isEqualTo(GNTST_BAD_PAGE);
            assertThat(g.marks(REF)).isZero();
        }
    }

    @Test
    void aPageTableIsGrantedForReadingOnly() {
        g.grantV1(REF, PERMIT, OWN, d.mfn(3));
        assertThat(g.map(d.va(PLACE), HOST, REF)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.marks(REF)).isZero();
        assertThat(g.map(d.va(PLACE), HOST | RO, REF)).isZero();
        assertThat(g.entry(PLACE)).isEqualTo(d.ma(3) | 0x65);
    }

    @Test
    void aPageGrantedForWritingBecomesNoPageTableBeforeItIsUnmapped() {
        grant(PERMIT);
        assertThat(g.map(0, DEVICE, REF)).isZero();
        int handle = g.handle();
        d.domain.pageTables().updateEntry(d.l1EntryMa(PAGE), 0, false);
        d.memory.clearFrame(d.mfn(PAGE));
        d.commitAll();
        assertThat(d.domain.pageTables().pin(d.mfn(PAGE), 1)).isEqualTo(-16);

        assertThat(g.unmap(0, d.ma(PAGE), handle)).isZero();
        d.commitAll();
        assertThat(d.domain.pageTables().pin(d.mfn(PAGE), 1)).isZero();
    }

    /// What the granter writes to the entry afterwards changes nothing.
    @Test
    void aMappedEntryKeepsItsFrame() {
        grant(PERMIT);
        g.map(d.va(PLACE), HOST | RO, REF);
        int first = g.handle();
        g.grantV1(REF, PERMIT, OWN, d.mfn(OTHER));

        assertThat(g.map(d.va(OTHER), HOST | RO, REF)).isZero();
        assertThat(g.busAddress()).isEqualTo(d.ma(PAGE));
        int second = g.handle();
        assertThat(g.unmap(d.va(PLACE), 0, first)).isZero();
        assertThat(g.unmap(d.va(OTHER), 0, second)).isZero();
    }

    @Test
    void aMappingForHostAndDeviceEndsWithTheLaterOfThem() {
        grant(PERMIT);
        assertThat(g.map(d.va(PLACE), HOST | DEVICE, REF)).isZero();
        int handle = g.handle();

        assertThat(g.unmap(d.va(PLACE), d.ma(OTHER), handle)).as("not its address").isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.unmap(d.va(PLACE), 0, handle)).isZero();
        assertThat(g.marks(REF)).isEqualTo(IN_USE);
        assertThat(g.unmap(0, d.ma(PAGE), handle)).isZero();
        assertThat(g.marks(REF)).isZero();
        assertThat(g.unmap(0, d.ma(PAGE), handle)).isEqualTo(GNTST_BAD_HANDLE);
    }

    @Test
    void handlesAndAddressesThatAreNoneUnmapNothing() {
        grant(PERMIT);
        g.map(d.va(PLACE), HOST, REF);
        int handle = g.handle();
        for (int bad : new int[] {handle + 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 16}) {
            assertThat(g.unmap(d.va(PLACE), 0, bad)).isEqualTo(GNTST_BAD_HANDLE);
            assertThat(g.replace(d.va(PLACE), d.va(OTHER), bad)).isEqualTo(GNTST_BAD_HANDLE);
        }
        assertThat(g.unmap(d.va(OTHER), 0, handle)).as("maps another frame").isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.unmap(-4096, 0, handle)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.unmap(0, 0, handle)).as("nothing asked").isZero();
        assertThat(g.entry(PLACE)).isEqualTo(d.ma(PAGE) | 0x67);
        assertThat(g.marks(REF)).isEqualTo(IN_USE);
    }

    @Test
    void replacingMovesTheNewEntryIntoThePlaceOfTheMapping() {
        grant(PERMIT);
        g.map(d.va(PLACE), HOST, REF);
        int handle = g.handle();
        long other = g.entry(OTHER);

        assertThat(g.replace(d.va(PLACE), -4096, handle)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.marks(REF)).isEqualTo(IN_USE);
        assertThat(g.replace(d.va(PLACE), d.va(OTHER), handle)).isZero();

        assertThat(g.entry(PLACE)).isEqualTo(other | 4);
        assertThat(g.entry(OTHER)).isZero();
        assertThat(g.marks(REF)).isZero();
    }

    @Test
    void partsOfPagesAndPassedOnGrantsAreNotMapped() {
        g.setVersion(2);
        g.grantPart(REF, PERMIT | TestGrants.SUB_PAGE, OWN, d.mfn(PAGE), 0, 4096);
        assertThat(g.map(d.va(PLACE), HOST, REF)).isEqualTo(GNTST_GENERAL_ERROR);
        g.grantV2(REF, XenGrantTable.GTF_TRANSITIVE, OWN, 1);
        assertThat(g.map(d.va(PLACE), HOST, REF)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(g.map(d.va(PLACE), HOST, 256)).isEqualTo(GNTST_BAD_GNTREF);
        assertThat(g.marks(REF)).isZero();
    }

    @Test
    void handlesAreLimitedAndComeBack() {
        grant(PERMIT);
        int last = -1;
        int made = 0;
        while (g.map(0, DEVICE | RO, REF) == 0) {
            last = g.handle();
            made++;
        }
        assertThat(made).isEqualTo(1 << 16);
        assertThat(g.map(0, DEVICE, REF)).isEqualTo(GNTST_NO_DEVICE_SPACE);
        assertThat(g.unmap(0, d.ma(PAGE), last)).isZero();
        assertThat(g.map(0, DEVICE, REF)).isZero();
        assertThat(g.handle()).isEqualTo(last);

        d.grants.release();
        assertThat(d.grants.maps().mappings()).isZero();
        assertThat(g.marks(REF)).isZero();
    }

    @Test
    void anArrayGoesOnAfterElementsThatFailAndEndsWhereItCannotBeRead() {
        grant(PERMIT);
        long at = d.va(TestDomain.SPARE) - 32 * 3;
        for (int i = 0; i < 3; i++) {
            g.calls.put(TestDomain.SPARE - 1, 4096 - 32 * (3 - i), 0, TestCalls.ints(DEVICE, i == 1 ? 600 : REF), OWN, 0);
        }

        assertThat(g.calls.call(GRANT_TABLE_OP, 0, at, 1000)).isEqualTo(-EFAULT);

        assertThat(d.grants.maps().mappings()).isEqualTo(2);
        assertThat((short) (g.calls.word(TestDomain.SPARE - 1, 4096 - 32 * 2 + 16) >>> 16))
                .isEqualTo((short) GNTST_BAD_GNTREF);
    }

    @Test
    void longArraysAreDoneInPiecesAndToTheirEnd() {
        int count = 4000;
        long array = d.va(TestDomain.FIRST_DATA);

        assertThat(g.calls.call(GRANT_TABLE_OP, XenGrantTable.GNTTABOP_MAP_GRANT_REF, array, count)).isZero();

        assertThat(g.calls.again).isPositive();
        for (int i = 0; i < count; i++) {
            long ma = d.ma(TestDomain.FIRST_DATA) + i * 32L + 16;
            assertThat((short) (d.memory.readWord(ma) >>> 16)).isEqualTo((short) GNTST_BAD_DOMAIN);
        }
    }

    @Test
    void aFrameThatWasAPageTableIsMappedAfterACommit() {
        int table = TestDomain.SPARE;
        assertThat(d.domain.pageTables().pin(d.mfn(table), 1)).isZero();
        assertThat(d.domain.pageTables().unpin(d.mfn(table))).isZero();
        g.grantV1(REF, PERMIT, OWN, d.mfn(table));

        assertThat(g.map(d.va(PLACE), HOST, REF)).isZero();

        assertThat(g.calls.again).isPositive();
        assertThat(g.marks(REF)).isEqualTo(IN_USE);
    }
}
