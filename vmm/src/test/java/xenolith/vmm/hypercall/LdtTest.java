package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.MMUEXT_OP;
import static xenolith.abi.HypercallNumber.UPDATE_DESCRIPTOR;
import static xenolith.abi.XenErrno.EBUSY;
import static xenolith.abi.XenErrno.EINVAL;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import xenolith.abi.XenMmu;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.mm.PageType;
import xenolith.vmm.monitor.Monitor;

/// `MMUEXT_SET_LDT`: whose pages the processor reads descriptors from, and what is in them.
class LdtTest {
    private static final int LDT = TestDomain.FIRST_DATA + 20;
    private static final int PAGES = 16;
    private static final long CODE = 0x00af_9b00_0000_ffffL;
    private static final long CODE_DPL3 = 0x00af_fb00_0000_ffffL;
    private static final long TASK_GATE = 0x0000_8500_0000_0000L;
    private static final long READ_ONLY = 0x25;
    private static final long WRITABLE = 0x27;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private long setLdt(long va, long entries) {
        calls.arg(XenMmu.MMUEXT_SET_LDT, va, entries);
        return calls.call(MMUEXT_OP, calls.arg(), 1, 0, TestCalls.SELF);
    }

    private void map(int pfn, long flags) {
        assertThat(d.domain.pageTables().updateEntry(d.l1EntryMa(pfn), d.ma(pfn) | flags, false)).isZero();
        d.commitAll();
    }

    /// Where the processor finds page `index` of vcpu 0's table.
    private long ldtPage(int index) {
        return d.kernelView().ma(Monitor.ldtBase(0) + index * 4096L);
    }

    private void assertNoTable() {
        for (int i = 0; i < PAGES; i++) {
            assertThat(ldtPage(i)).isEqualTo(ldtPage(PAGES - 1));
            assertThat(d.memory.frame(ldtPage(i) >>> 12).mismatch(
                    MemorySegment.ofArray(new long[512]))).as("no descriptor").isEqualTo(-1);
        }
    }

    @Test
    void aTableIsValidatedAndSeenPageByPageUntilItIsRemoved() {
        d.memory.writeWord(d.ma(LDT) + 8, CODE);
        map(LDT, READ_ONLY);
        map(LDT + 1, READ_ONLY);
        assertNoTable();

        assertThat(setLdt(d.va(LDT), 513)).isZero();

        assertThat(ldtPage(0)).isEqualTo(d.ma(LDT));
        assertThat(ldtPage(1)).isEqualTo(d.ma(LDT + 1));
        assertThat(d.memory.readWord(ldtPage(0) + 8)).isEqualTo(CODE_DPL3);
        assertThat(d.frames.type(d.mfn(LDT))).isEqualTo(PageType.SEGDESC);
        assertThat(setLdt(0, 0)).isZero();
        assertNoTable();
        assertThat(d.frames.typeCount(d.mfn(LDT))).isZero();
        map(LDT, WRITABLE);
    }

    @Test
    void aPageThatIsNotMappedIsEmpty() {
        map(LDT, READ_ONLY);
        map(LDT + 2, READ_ONLY);
        assertThat(d.domain.pageTables().updateEntry(d.l1EntryMa(LDT + 1), 0, false)).isZero();

        assertThat(setLdt(d.va(LDT), 3 * 512)).isZero();

        assertThat(ldtPage(0)).isEqualTo(d.ma(LDT));
        assertThat(ldtPage(1)).isEqualTo(ldtPage(3));
        assertThat(ldtPage(2)).isEqualTo(d.ma(LDT + 2));
    }

    @Test
    void aPageThatIsWritableOrHoldsABadDescriptorRefusesTheTableAndTheOldOneStays() {
        map(LDT, READ_ONLY);
        map(LDT + 2, READ_ONLY);
        assertThat(setLdt(d.va(LDT), 1)).isZero();

        assertThat(setLdt(d.va(LDT), 513)).as("the second page is writable").isEqualTo(-EBUSY);
        d.memory.writeWord(d.ma(LDT + 1), TASK_GATE);
        map(LDT + 1, READ_ONLY);
        assertThat(setLdt(d.va(LDT), 513)).isEqualTo(-EINVAL);

        assertThat(ldtPage(0)).isEqualTo(d.ma(LDT));
        assertThat(d.frames.typeCount(d.mfn(LDT))).isOne();
        assertThat(d.frames.typeCount(d.mfn(LDT + 1))).isZero();
    }

    @Test
    void onlyAlignedTablesOfAtMost8192EntriesOutsideTheHoleAreTaken() {
        assertThat(setLdt(d.va(LDT) + 8, 1)).isEqualTo(-EINVAL);
        assertThat(setLdt(d.va(LDT), 8193)).isEqualTo(-EINVAL);
        assertThat(setLdt(d.va(LDT), -1)).isEqualTo(-EINVAL);
        assertThat(setLdt(Monitor.ldtBase(0), 1)).isEqualTo(-EINVAL);
        assertThat(setLdt(1L << 50, 1)).isEqualTo(-EINVAL);
        assertThat(setLdt(8, 0)).as("without entries the address does not matter").isZero();
        map(TestDomain.ENDLESS_PFN, READ_ONLY);
        assertThat(setLdt(TestDomain.ENDLESS_VA, 8192)).as("one page, sixteen times").isZero();
        assertThat(d.frames.typeCount(d.mfn(TestDomain.ENDLESS_PFN))).isEqualTo(PAGES);
        assertThat(setLdt(0, 0)).isZero();
    }

    @Test
    void aDescriptorInUseIsChangedByUpdateDescriptorAndNoOtherWay() {
        map(LDT, READ_ONLY);
        assertThat(setLdt(d.va(LDT), 2)).isZero();

        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(LDT) + 8, CODE)).isZero();

        assertThat(d.memory.readWord(ldtPage(0) + 8)).isEqualTo(CODE_DPL3);
        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(LDT) + 8, TASK_GATE)).isEqualTo(-EINVAL);
        assertThat(d.domain.pageTables().updateEntry(d.ma(LDT) + 8, CODE, false)).isEqualTo(-EINVAL);
        assertThat(d.domain.pageTables().updateEntry(d.l1EntryMa(LDT), d.ma(LDT) | WRITABLE, false))
                .isEqualTo(-EBUSY);
    }

    @Test
    void theSameTableAgainCostsNoCommit() {
        map(LDT, READ_ONLY);
        assertThat(setLdt(d.va(LDT), 1)).isZero();
        long before = d.domain.commits().commits();

        assertThat(setLdt(d.va(LDT), 1)).isZero();

        assertThat(d.domain.commits().commits()).isEqualTo(before);
        assertThat(d.frames.typeCount(d.mfn(LDT))).isOne();
    }
}
