package xenolith.vmm.gnttab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static xenolith.abi.XenGrantTable.GNTST_BAD_COPY_ARG;
import static xenolith.abi.XenGrantTable.GNTST_BAD_DOMAIN;
import static xenolith.abi.XenGrantTable.GNTST_BAD_GNTREF;
import static xenolith.abi.XenGrantTable.GNTST_BAD_PAGE;
import static xenolith.abi.XenGrantTable.GNTST_EAGAIN;
import static xenolith.abi.XenGrantTable.GNTST_GENERAL_ERROR;
import static xenolith.abi.XenGrantTable.GNTST_NO_DEVICE_SPACE;
import static xenolith.abi.XenGrantTable.GTF_PERMIT_ACCESS;
import static xenolith.abi.XenGrantTable.GTF_READING;
import static xenolith.abi.XenGrantTable.GTF_READONLY;
import static xenolith.abi.XenGrantTable.GTF_SUB_PAGE;
import static xenolith.abi.XenGrantTable.GTF_WRITING;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.mm.Audit;
import xenolith.vmm.port.GrantAccess;

/// A backend uses what a guest grants domain 0.
@Timeout(30)
class BackendGrantsTest {
    private static final int REF = 9;
    private static final int PAGE = TestDomain.FIRST_DATA + 10;

    private final TestDomain d = new TestDomain();
    private int commitsAskedFor;
    private final GrantAccess backend = d.grants.backend(d.domain.lock(), () -> commitsAskedFor++);
    private final MemorySegment buffer = Arena.ofAuto().allocate(4096);

    @AfterEach
    void countsAgreeWithTheTablesAndTheLockIsFree() {
        assertThat(Audit.differences(d.memory, d.frames)).isEmpty();
        assertThat(d.domain.lock().isLocked()).isFalse();
    }

    private void grant(int flags, int domid, long mfn) {
        d.memory.writeWord((d.grantMfn << 12) + REF * 8, flags | (long) domid << 16 | mfn << 32);
    }

    private int flags() {
        return (int) d.memory.readWord((d.grantMfn << 12) + REF * 8) & 0xffff;
    }

    @Test
    void aMappedPageIsTheGuestsAndMarkedAsInUse() {
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(PAGE));
        int handle = backend.map(REF, true);
        assertThat(handle).isNotNegative();
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS | GTF_READING | GTF_WRITING);

        backend.page(handle).set(ValueLayout.JAVA_LONG, 8, 42);
        assertThat(d.memory.readWord(d.ma(PAGE) + 8)).isEqualTo(42);
        assertThat(backend.page(handle).byteSize()).isEqualTo(4096);

        backend.unmap(handle);
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS);
        assertThatThrownBy(() -> backend.unmap(handle)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> backend.page(-1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aPageMappedForReadingCannotBeWritten() {
        grant(GTF_PERMIT_ACCESS | GTF_READONLY, 0, d.mfn(PAGE));
        assertThat(backend.map(REF, true)).isEqualTo(GNTST_GENERAL_ERROR);
        int handle = backend.map(REF, false);
        assertThat(backend.page(handle).isReadOnly()).isTrue();
        assertThat(flags() & GTF_WRITING).isZero();
        assertThat(backend.copyTo(REF, 0, buffer, 0, 8)).isEqualTo(GNTST_GENERAL_ERROR);
        backend.unmap(handle);
    }

    /// Two mappings of one entry, one of which writes: the marks follow the last of each kind.
    @Test
    void marksFollowTheLastUserOfEachKind() {
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(PAGE));
        int reader = backend.map(REF, false);
        int writer = backend.map(REF, true);
        backend.unmap(writer);
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS | GTF_READING);
        backend.unmap(reader);
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS);
    }

    @Test
    void whatIsNotGrantedToDomainZeroIsRefused() {
        grant(GTF_PERMIT_ACCESS, TestDomain.DOMID, d.mfn(PAGE));
        assertThat(backend.map(REF, false)).isEqualTo(GNTST_GENERAL_ERROR);
        grant(GTF_PERMIT_ACCESS, 0, d.memory.endMfn());
        assertThat(backend.map(REF, false)).isEqualTo(GNTST_BAD_PAGE);
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(3));
        assertThat(backend.map(REF, true)).as("a page table").isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS);
        for (int ref : new int[] {512, -1, Integer.MIN_VALUE}) {
            assertThat(backend.map(ref, false)).isEqualTo(GNTST_BAD_GNTREF);
            assertThat(backend.copyFrom(ref, 0, buffer, 0, 8)).isEqualTo(GNTST_BAD_GNTREF);
        }
    }

    /// An entry that the domain itself uses is not domain 0's at the same time, whatever it is made to say.
    @Test
    void anEntryHasOneGranteeAtATime() {
        grant(GTF_PERMIT_ACCESS, TestDomain.DOMID, d.mfn(PAGE));
        assertThat(d.grants.maps().map(d.mfn(0), 0, 1, REF)).isNotNegative();
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(PAGE));
        assertThat(backend.map(REF, false)).isEqualTo(GNTST_GENERAL_ERROR);
        d.grants.release();
        assertThat(backend.map(REF, false)).isNotNegative();
    }

    @Test
    void copiesStayWithinThePage() {
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(PAGE));
        buffer.set(ValueLayout.JAVA_LONG, 0, 77);
        assertThat(backend.copyTo(REF, 4088, buffer, 0, 8)).isZero();
        assertThat(backend.copyFrom(REF, 4088, buffer, 8, 8)).isZero();
        assertThat(buffer.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(77);
        assertThat(backend.copyTo(REF, 4089, buffer, 0, 8)).isEqualTo(GNTST_BAD_COPY_ARG);
        assertThat(backend.copyTo(REF, -1, buffer, 0, 8)).isEqualTo(GNTST_BAD_COPY_ARG);
        assertThat(backend.copyTo(REF, Integer.MAX_VALUE, buffer, 0, Integer.MAX_VALUE)).isEqualTo(GNTST_BAD_COPY_ARG);
        assertThat(backend.copyFrom(REF, 0, buffer, 0, -1)).isEqualTo(GNTST_BAD_COPY_ARG);
        assertThatThrownBy(() -> backend.copyFrom(REF, 0, buffer, 4090, 8))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS);
    }

    @Test
    void aPartOfAPageIsCopiedAndNotMapped() {
        assertThat(d.grants.setVersion(2)).isZero();
        d.memory.writeWord((d.grantMfn << 12) + REF * 16 + 8, d.mfn(PAGE));
        d.memory.writeWord((d.grantMfn << 12) + REF * 16, GTF_PERMIT_ACCESS | GTF_SUB_PAGE | 64L << 32 | 16L << 48);
        assertThat(backend.map(REF, false)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(backend.copyFrom(REF, 64, buffer, 0, 16)).isZero();
        assertThat(backend.copyFrom(REF, 63, buffer, 0, 16)).isEqualTo(GNTST_GENERAL_ERROR);
        assertThat(backend.copyTo(REF, 64, buffer, 0, 17)).isEqualTo(GNTST_GENERAL_ERROR);
    }

    @Test
    void aPageThatWasAPageTableIsToBeAskedForAgain() {
        long mfn = d.mfn(TestDomain.SPARE);
        assertThat(d.domain.pageTables().pin(mfn, 1)).isZero();
        assertThat(d.domain.pageTables().unpin(mfn)).isZero();
        grant(GTF_PERMIT_ACCESS, 0, mfn);

        assertThat(backend.map(REF, true)).isEqualTo(GNTST_EAGAIN);
        assertThat(commitsAskedFor).isOne();
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS);

        d.commitAll();
        assertThat(backend.map(REF, true)).isNotNegative();
    }

    @Test
    void mappingsHaveABoundAndOneThatEndsMakesRoom() {
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(PAGE));
        for (int i = 0; i < GrantAccess.MOST_MAPPED; i++) {
            assertThat(backend.map(REF, false)).isNotNegative();
        }
        assertThat(backend.map(REF, false)).isEqualTo(GNTST_NO_DEVICE_SPACE);
        backend.unmap(17);
        assertThat(backend.map(REF, false)).isEqualTo(17);
        backend.close();
    }

    @Test
    void closingEndsAllMappingsForGood() {
        grant(GTF_PERMIT_ACCESS, 0, d.mfn(PAGE));
        for (int i = 0; i < 100; i++) {
            assertThat(backend.map(REF, i % 2 == 0)).isNotNegative();
        }
        backend.close();
        assertThat(flags()).isEqualTo(GTF_PERMIT_ACCESS);
        assertThat(backend.map(REF, false)).isEqualTo(GNTST_BAD_DOMAIN);
        assertThat(backend.copyTo(REF, 0, buffer, 0, 8)).isEqualTo(GNTST_BAD_DOMAIN);
        backend.close();
    }
}
