package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.MMUEXT_OP;
import static xenolith.abi.HypercallNumber.MMU_UPDATE;
import static xenolith.abi.HypercallNumber.UPDATE_VA_MAPPING;
import static xenolith.abi.HypercallNumber.UPDATE_VA_MAPPING_OTHERDOMAIN;
import static xenolith.abi.XenErrno.EACCES;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EOPNOTSUPP;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ESRCH;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenMmu;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.monitor.MonitorAbi;

@Timeout(30)
class MmuHypercallTest {
    private static final int DATA = TestCalls.ARG + 4;
    private static final int DONE = TestCalls.ARG + 1;
    private static final long RW = 0x67;
    private static final long RO = 0x65;
    private static final long HOSTILE_COUNT = 0x7fff_ffffL;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private long update(long... pairs) {
        calls.arg(pairs);
        return calls.call(MMU_UPDATE, calls.arg(), pairs.length / 2, d.va(DONE), TestCalls.SELF);
    }

    private int done() {
        return calls.intAt(DONE, 0);
    }

    private long extended(int cmd, long arg1, long arg2) {
        calls.arg(cmd, arg1, arg2);
        return calls.call(MMUEXT_OP, calls.arg(), 1, d.va(DONE), TestCalls.SELF);
    }

    private long pte(int pfn, long flags) {
        return d.ma(pfn) | flags;
    }

    private long mapping(int pfn) {
        return d.memory.readWord(d.l1EntryMa(pfn));
    }

    // ---- mmu_update

    @Test
    void updatesAreMadeInOrderAndCounted() {
        assertThat(update(d.l1EntryMa(DATA), pte(DATA, RO), d.l1EntryMa(DATA + 1), 0)).isZero();

        assertThat(done()).isEqualTo(2);
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, RO));
        assertThat(mapping(DATA + 1)).isZero();
    }

    @Test
    void aRefusedElementEndsTheBatchAndThoseBeforeItStand() {
        assertThat(update(d.l1EntryMa(DATA), 0, d.l1EntryMa(DATA + 1), pte(3, RW), d.l1EntryMa(DATA + 2), 0))
                .isEqualTo(-16);

        assertThat(done()).isOne();
        assertThat(mapping(DATA)).isZero();
        assertThat(mapping(DATA + 1)).as("no writable mapping of a page table").isEqualTo(pte(DATA + 1, 0x27));
        assertThat(mapping(DATA + 2)).isNotZero();
    }

    @Test
    void theCountIsNotWrittenWhereTheGuestDoesNotAsk() {
        calls.arg(d.l1EntryMa(DATA), 0);

        assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestCalls.SELF)).isZero();
        assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 12, TestCalls.SELF)).isEqualTo(-EFAULT);
    }

    @Test
    void accessedAndDirtySurviveAnUpdateThatPreservesThem() {
        d.memory.writeWord(d.l1EntryMa(DATA), pte(DATA, 0x67));

        assertThat(update(d.l1EntryMa(DATA) | XenMmu.MMU_PT_UPDATE_PRESERVE_AD, pte(DATA, 0x5))).isZero();
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, 0x65));
        assertThat(update(d.l1EntryMa(DATA), pte(DATA, 0x5))).isZero();
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, 0x5));
    }

    @Test
    void aPlainPageIsWrittenAsTheMemoryItIs() {
        assertThat(update(d.ma(DATA) + 24, -77)).isZero();
        assertThat(calls.word(DATA, 24)).isEqualTo(-77);
    }

    @Test
    void machineToPhysIsSetForOnesOwnFramesOnly() {
        assertThat(update(d.ma(DATA) | XenMmu.MMU_MACHPHYS_UPDATE, 4711)).isZero();
        assertThat(d.domain.m2p().get(d.mfn(DATA))).isEqualTo(4711);

        for (long ma : new long[] {0, d.memory.endMfn() << 12, -4096, (d.memory.endMfn() - 1) << 12}) {
            assertThat(update(ma | XenMmu.MMU_MACHPHYS_UPDATE, 1)).isEqualTo(-EINVAL);
        }
    }

    @Test
    void thereAreFourCommands() {
        assertThat(update(d.l1EntryMa(DATA) | XenMmu.MMU_PT_UPDATE_NO_TRANSLATE, pte(DATA, RO))).isZero();
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, RO));
        for (int command = 4; command < 8; command++) {
            assertThat(update(d.l1EntryMa(DATA) | command, 0)).isEqualTo(-ENOSYS);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0x7ff1, 0x7ff2})
    void otherDomainsAreNotToBeTouched(long domid) {
        assertForeignIs(domid, -EPERM);
    }

    /// Its own number is no foreign domain's, as with Xen.
    @ParameterizedTest
    @ValueSource(longs = {1, TestDomain.DOMID, 0x7ff3, 0x7ff4, 0xffff})
    void domainsThatDoNotExistAreNotFound(long domid) {
        assertForeignIs(domid, -ESRCH);
    }

    private void assertForeignIs(long domid, long errno) {
        calls.arg(d.l1EntryMa(DATA), 0);
        assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, domid)).isEqualTo(errno);
        assertThat(calls.call(MMUEXT_OP, calls.arg(), 1, 0, domid)).isEqualTo(errno);
        assertThat(calls.call(UPDATE_VA_MAPPING_OTHERDOMAIN, d.va(DATA), 0, 0, domid)).isEqualTo(errno);
        if (domid != TestDomain.DOMID) {
            assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, domid + 1 << 16 | TestCalls.SELF))
                    .isEqualTo(domid == 0xffff ? 0 : errno);
        }
        assertThat(mapping(DATA) != 0).isEqualTo(domid != 0xffff);
    }

    @Test
    void theUpperHalfNamesTheOwnerOfTheTables() {
        calls.arg(d.l1EntryMa(DATA), 0);

        assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestDomain.DOMID + 1 << 16 | TestCalls.SELF)).isZero();
        assertThat(mapping(DATA)).isZero();
        assertThat(calls.call(UPDATE_VA_MAPPING_OTHERDOMAIN, d.va(DATA), pte(DATA, RO), 0, TestCalls.SELF)).isZero();
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, RO));
    }

    @Test
    void framesOfNobodyAndOutsideTheMachineAreNotMapped() {
        long[] mfns = {0, 1, d.firstMfn - 1, d.memory.endMfn() - 1, d.memory.endMfn(), 0xff_ffff_ffffL,
            MonitorAbi.CALL_BELL_MA >>> 12};
        for (long mfn : mfns) {
            assertThat(update(d.l1EntryMa(DATA), mfn << 12 & 0xf_ffff_ffff_f000L | RW)).as("mfn %x", mfn).isNegative();
        }
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, 0x27));
    }

    @Test
    void tenThousandUpdatesGoThroughInSeveralCommits() {
        int elements = 10_000;
        for (int pfn = TestCalls.ARG + 20, i = 0; i < elements; pfn++) {
            for (int offset = 0; offset < 4096 && i < elements; offset += 16, i++) {
                boolean present = i / 100 % 2 != 0;
                int target = 100 + i % 100;
                calls.put(pfn, offset, d.l1EntryMa(target), present ? pte(target, 0x27) : 0);
            }
        }

        assertThat(calls.call(MMU_UPDATE, d.va(TestCalls.ARG + 20), elements, d.va(DONE), TestCalls.SELF)).isZero();

        assertThat(done()).isEqualTo(elements);
        assertThat(calls.again).as("one list holds not that many").isPositive();
        for (int target = 100; target < 200; target++) {
            assertThat(mapping(target)).isEqualTo(pte(target, 0x27));
        }
        assertThat(d.domain.commits().committedEntries()).isGreaterThanOrEqualTo(elements / 2);
    }

    @Test
    void aCountBeyondTheMappedArrayStopsThere() {
        for (int offset = 0; offset < 4096; offset += 16) {
            calls.put(TestDomain.SPARE - 1, offset, d.ma(DATA), offset);
        }
        calls.put(TestDomain.SPARE - 1, 4080, d.ma(DATA), 99);

        assertThat(calls.call(MMU_UPDATE, d.va(TestDomain.SPARE - 1), 0xffff_ffffL, d.va(DONE), TestCalls.SELF))
                .isEqualTo(-EFAULT);
        assertThat(done()).isEqualTo(256);
        assertThat(calls.word(DATA, 0)).isEqualTo(99);
    }

    /// 512 GiB of one page hold elements enough for minutes: a domain must be able to end meanwhile.
    @ParameterizedTest
    @ValueSource(ints = {MMU_UPDATE, MMUEXT_OP})
    void aBatchThatTakesForeverIsDoneInPieces(int nr) {
        for (int offset = 0; offset < 4096; offset += 8) {
            // A plain word, or a flush: both are all right for ever.
            long word = nr == MMUEXT_OP ? XenMmu.MMUEXT_TLB_FLUSH_LOCAL : offset % 16 == 0 ? d.ma(DATA) : 1;
            calls.put(TestDomain.ENDLESS_PFN, offset, word);
        }
        calls.context.begin();
        long start = System.nanoTime();
        long rc = calls.dispatch(nr, TestDomain.ENDLESS_VA, HOSTILE_COUNT, 0, TestCalls.SELF);

        assertThat(rc).isEqualTo(CallContext.AGAIN);
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
        long progress = calls.context.progress();
        assertThat(progress).isPositive();
        assertThat(calls.dispatch(nr, TestDomain.ENDLESS_VA, HOSTILE_COUNT, 0, TestCalls.SELF))
                .isEqualTo(CallContext.AGAIN);
        assertThat(calls.context.progress()).isGreaterThan(progress);
    }

    // ---- update_va_mapping

    @Test
    void aMappingIsChangedByItsAddress() {
        assertThat(calls.call(UPDATE_VA_MAPPING, d.va(DATA), pte(DATA, RO), XenMmu.UVMF_INVLPG)).isZero();
        assertThat(mapping(DATA)).isEqualTo(pte(DATA, RO));
    }

    @Test
    void aFlushIsMadeOnlyIfAskedFor() {
        calls.context.begin();
        assertThat(calls.dispatch(UPDATE_VA_MAPPING, d.va(DATA), 0, XenMmu.UVMF_NONE)).isZero();
        assertThat(d.domain.commits().isNeeded()).isFalse();
        assertThat(d.domain.commits().isEmpty()).as("a downgrade waits for its commit").isFalse();
        assertThat(calls.dispatch(UPDATE_VA_MAPPING, d.va(DATA + 1), 0, XenMmu.UVMF_TLB_FLUSH)).isZero();
        assertThat(d.domain.commits().isNeeded()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 0x0000_8000_0000_0000L, 0xffff_8080_0000_3000L, 0xffff_8000_0000_0000L,
        0xffff_8880_0020_0000L})
    void anAddressWithoutALevel1EntryIsEINVAL(long va) {
        assertThat(calls.call(UPDATE_VA_MAPPING, va, pte(DATA, RW), 0)).isEqualTo(-EINVAL);
    }

    // ---- mmuext_op

    @Test
    void tablesArePinnedAndUnpinned() {
        assertThat(extended(XenMmu.MMUEXT_PIN_L1_TABLE, d.mfn(TestDomain.SPARE), 0)).isZero();
        assertThat(extended(XenMmu.MMUEXT_PIN_L1_TABLE, d.mfn(TestDomain.SPARE), 0)).isEqualTo(-EINVAL);
        assertThat(extended(XenMmu.MMUEXT_UNPIN_TABLE, d.mfn(TestDomain.SPARE), 0)).isZero();
        assertThat(extended(XenMmu.MMUEXT_UNPIN_TABLE, d.mfn(TestDomain.SPARE), 0)).isEqualTo(-EINVAL);
        assertThat(extended(XenMmu.MMUEXT_PIN_L1_TABLE, d.mfn(DATA), 0)).as("mapped writable").isNegative();
        assertThat(done()).isZero();
    }

    private long copyOfRoot(int pfn) {
        d.page(pfn).copyFrom(d.page(0));
        return d.mfn(pfn);
    }

    @Test
    void aNewRootIsLoadedWithTheMonitorInIt() {
        long root = copyOfRoot(TestDomain.SPARE);

        assertThat(extended(XenMmu.MMUEXT_NEW_BASEPTR, root, 0)).isZero();

        assertThat(calls.vcpu.window().kernelCr3()).isEqualTo(root << 12);
        assertThat(d.memory.readWord((root << 12) + MonitorAbi.L4_SLOT * 8L) & ~0x60L)
                .isEqualTo(d.monitor.kernelSlotEntry() & ~0x60L);
        assertThat(d.frames.typeCount(d.mfn(0))).as("the old root keeps its pin alone").isOne();
        assertThat(calls.word(3, 0)).isNotZero();
    }

    @Test
    void aUserRootGetsTheUsersMonitor() {
        long root = copyOfRoot(TestDomain.SPARE);

        assertThat(extended(XenMmu.MMUEXT_NEW_USER_BASEPTR, root, 0)).isZero();

        assertThat(calls.vcpu.window().userCr3()).isEqualTo(root << 12);
        assertThat(d.memory.readWord((root << 12) + MonitorAbi.L4_SLOT * 8L) & ~0x60L)
                .isEqualTo(d.monitor.userSlotEntry() & ~0x60L);
        assertThat(extended(XenMmu.MMUEXT_NEW_USER_BASEPTR, 0, 0)).isZero();
        assertThat(calls.vcpu.window().userCr3()).isZero();
        assertThat(d.frames.typeCount(root)).isZero();
    }

    @Test
    void aRootThatWasTheUsersBecomesTheKernelsByACommit() {
        long root = copyOfRoot(TestDomain.SPARE);
        assertThat(extended(XenMmu.MMUEXT_NEW_USER_BASEPTR, root, 0)).isZero();
        assertThat(extended(XenMmu.MMUEXT_PIN_L4_TABLE, root, 0)).isZero();
        assertThat(extended(XenMmu.MMUEXT_NEW_USER_BASEPTR, 0, 0)).isZero();
        long before = d.domain.commits().committedEntries();

        assertThat(extended(XenMmu.MMUEXT_NEW_BASEPTR, root, 0)).isZero();

        assertThat(d.domain.commits().committedEntries()).as("the monitor's slot changed under the host")
                .isGreaterThan(before);
        assertThat(d.memory.readWord((root << 12) + MonitorAbi.L4_SLOT * 8L) & ~0x60L)
                .isEqualTo(d.monitor.kernelSlotEntry() & ~0x60L);
    }

    @Test
    void badRootsAreRefusedAndTheOldOneStays() {
        d.entry(TestDomain.SPARE, 0, TestDomain.SPARE, 0x67);
        long[] roots = {d.mfn(TestDomain.SPARE), d.mfn(3), d.mfn(DATA), d.memory.endMfn(), 1, -1, d.grantMfn};
        for (long mfn : roots) {
            assertThat(extended(XenMmu.MMUEXT_NEW_BASEPTR, mfn, 0)).as("mfn %x", mfn).isNegative();
            assertThat(extended(XenMmu.MMUEXT_NEW_USER_BASEPTR, mfn, 0)).as("mfn %x", mfn).isNegative();
        }
        assertThat(extended(XenMmu.MMUEXT_NEW_BASEPTR, 0, 0)).isNegative();
        assertThat(calls.vcpu.window().kernelCr3()).isEqualTo(d.ma(0));
        assertThat(calls.vcpu.window().userCr3()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {XenMmu.MMUEXT_TLB_FLUSH_LOCAL, XenMmu.MMUEXT_INVLPG_LOCAL, XenMmu.MMUEXT_TLB_FLUSH_MULTI,
        XenMmu.MMUEXT_INVLPG_MULTI, XenMmu.MMUEXT_TLB_FLUSH_ALL, XenMmu.MMUEXT_INVLPG_ALL})
    void everyFlushCommitsWhatIsQueued(int cmd) {
        calls.call(UPDATE_VA_MAPPING, d.va(DATA), 0, 0);
        assertThat(d.domain.commits().isEmpty()).isFalse();

        assertThat(extended(cmd, -1, d.va(DATA + 1))).as("with a bit map of vcpus").isZero();

        assertThat(d.domain.commits().isEmpty()).isTrue();
    }

    @Test
    void aBitMapOfVcpusMustBeThere() {
        for (long va : new long[] {0, 8, d.va(TestDomain.SPARE), 1L << 50, 0xffff_8080_0000_3000L}) {
            assertThat(extended(XenMmu.MMUEXT_TLB_FLUSH_MULTI, 0, va)).isEqualTo(-EFAULT);
            assertThat(extended(XenMmu.MMUEXT_INVLPG_MULTI, d.va(DATA), va)).isEqualTo(-EFAULT);
            assertThat(calls.call(UPDATE_VA_MAPPING, d.va(DATA), 0, va | XenMmu.UVMF_INVLPG))
                    .isEqualTo(va == 0 ? 0 : -EFAULT);
            assertThat(mapping(DATA)).as("changed all the same").isZero();
            assertThat(calls.call(UPDATE_VA_MAPPING, d.va(DATA), 0, va | XenMmu.UVMF_NONE)).isZero();
        }
        assertThat(calls.call(UPDATE_VA_MAPPING, d.va(DATA), 0, XenMmu.UVMF_ALL | XenMmu.UVMF_TLB_FLUSH)).isZero();
        assertThat(calls.call(UPDATE_VA_MAPPING, d.va(DATA), 0, d.va(DATA + 1) | XenMmu.UVMF_TLB_FLUSH)).isZero();
    }

    @Test
    void pagesAreClearedAndCopiedIfTheyAreTheGuests() {
        calls.put(DATA, 0, 1, 2, 3);
        assertThat(extended(XenMmu.MMUEXT_COPY_PAGE, d.mfn(DATA + 1), d.mfn(DATA))).isZero();
        assertThat(calls.word(DATA + 1, 16)).isEqualTo(3);
        assertThat(extended(XenMmu.MMUEXT_CLEAR_PAGE, d.mfn(DATA + 1), 0)).isZero();
        assertThat(calls.word(DATA + 1, 16)).isZero();

        assertThat(extended(XenMmu.MMUEXT_CLEAR_PAGE, d.mfn(3), 0)).as("a page table").isNegative();
        assertThat(extended(XenMmu.MMUEXT_COPY_PAGE, d.mfn(3), d.mfn(DATA))).isNegative();
        for (long mfn : new long[] {0, d.memory.endMfn(), d.memory.endMfn() - 1, -1}) {
            assertThat(extended(XenMmu.MMUEXT_CLEAR_PAGE, mfn, 0)).isEqualTo(-EINVAL);
            assertThat(extended(XenMmu.MMUEXT_COPY_PAGE, d.mfn(DATA), mfn)).isEqualTo(-EINVAL);
            assertThat(extended(XenMmu.MMUEXT_COPY_PAGE, mfn, d.mfn(DATA))).isEqualTo(-EINVAL);
        }
        assertThat(calls.word(3, 0)).isNotZero();
        assertThat(calls.word(DATA, 16)).isEqualTo(3);
    }

    @Test
    void whatADomainMayNotDoHasItsOwnErrno() {
        assertThat(extended(XenMmu.MMUEXT_FLUSH_CACHE, 0, 0)).isEqualTo(-EACCES);
        assertThat(extended(XenMmu.MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0)).isEqualTo(-EACCES);
        assertThat(extended(XenMmu.MMUEXT_MARK_SUPER, 0, 0)).isEqualTo(-EOPNOTSUPP);
        assertThat(extended(XenMmu.MMUEXT_SET_LDT, 0, 0)).as("removing the table that is not there").isZero();
        assertThat(extended(14, 0, 0)).isEqualTo(-ENOSYS);
        assertThat(extended(99, 0, 0)).isEqualTo(-ENOSYS);
        assertThat(extended(-1, 0, 0)).isEqualTo(-ENOSYS);
    }

    // ---- while a poller serves

    @Test
    void aChangeOfTypeThatACommitMustPrecedeIsDoneAfterIt() {
        calls.served(true);
        assertThat(extended(XenMmu.MMUEXT_PIN_L1_TABLE, d.mfn(TestDomain.SPARE), 0)).isZero();
        assertThat(extended(XenMmu.MMUEXT_UNPIN_TABLE, d.mfn(TestDomain.SPARE), 0)).isZero();
        int before = calls.again;

        assertThat(extended(XenMmu.MMUEXT_PIN_L2_TABLE, d.mfn(TestDomain.SPARE), 0)).isZero();

        assertThat(calls.again).isGreaterThan(before);
        assertThat(done()).isOne();
    }
}
