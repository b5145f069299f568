package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.MEMORY_OP;
import static xenolith.abi.HypercallNumber.MMU_UPDATE;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.mm.MachineToPhys;
import xenolith.vmm.monitor.MonitorAbi;

@Timeout(30)
class MemoryHypercallTest {
    private static final int LIST = TestDomain.FIRST_DATA + 1;
    private static final int OUT = TestDomain.FIRST_DATA + 2;
    private static final int MAPPED = 150;
    private static final int DECREASE = XenMemory.XENMEM_DECREASE_RESERVATION;
    private static final int INCREASE = XenMemory.XENMEM_INCREASE_RESERVATION;
    private static final int POPULATE = XenMemory.XENMEM_POPULATE_PHYSMAP;
    private static final int EXCHANGE = XenMemory.XENMEM_EXCHANGE;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private long change(int op, long extents, int order) {
        calls.arg(d.va(LIST), extents, TestCalls.ints(order, 0), TestCalls.SELF);
        return calls.call(MEMORY_OP, op, calls.arg());
    }

    private long give(long... mfns) {
        calls.put(LIST, 0, mfns);
        return change(DECREASE, mfns.length, 0);
    }

    private long frameCount() {
        calls.arg(TestCalls.SELF);
        return calls.call(MEMORY_OP, XenMemory.XENMEM_CURRENT_RESERVATION, calls.arg());
    }

    private boolean owns(long mfn) {
        return d.frames.isOwnedBy(mfn, TestDomain.DOMID);
    }

    // ---- the balloon

    @Test
    void whatIsGivenBackReturnsZeroedUnderThePfnThatTheGuestNames() {
        long mfn = d.mfn(TestDomain.SPARE);
        d.memory.writeWord(mfn << 12, 0x1234);

        assertThat(give(mfn)).isEqualTo(1);
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES - 1);
        assertThat(owns(mfn)).isFalse();
        assertThat(d.domain.m2p().get(mfn)).isEqualTo(MachineToPhys.INVALID);
        assertThat(d.discarded).isOne();

        calls.put(LIST, 0, 777);
        assertThat(change(POPULATE, 1, 0)).isEqualTo(1);
        assertThat(calls.word(LIST, 0)).as("lowest first").isEqualTo(mfn);
        assertThat(owns(mfn)).isTrue();
        assertThat(d.domain.m2p().get(mfn)).isEqualTo(777);
        assertThat(d.memory.readWord(mfn << 12)).isZero();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES);
    }

    @Test
    void aFrameGivenBackCannotBeMapped() {
        long mfn = d.mfn(TestDomain.SPARE);
        give(mfn);
        calls.arg(d.l1EntryMa(MAPPED), mfn << 12 | 0x27);

        assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestCalls.SELF)).isEqualTo(-XenErrno.EPERM);
    }

    @Test
    void whatIsReferredToStaysAndTheAnswerSaysHowFarItCame() {
        assertThat(give(d.mfn(201), d.mfn(202), d.mfn(MAPPED), d.mfn(203))).isEqualTo(2);
        assertThat(give(d.mfn(0))).as("a page table").isZero();
        assertThat(give(d.mfn(204), d.mfn(204))).as("the same one twice").isEqualTo(1);
        assertThat(give(0, -1)).isZero();
        assertThat(give(d.memory.endMfn())).isZero();
        assertThat(give(d.grantMfn)).as("lent by the hypervisor").isZero();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES - 3);
    }

    @Test
    void aFrameThatWasJustUnmappedGoesAfterACommitOnly() {
        calls.arg(d.l1EntryMa(MAPPED), 0);
        assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestCalls.SELF)).isZero();
        calls.again = 0;

        assertThat(give(d.mfn(MAPPED))).isEqualTo(1);

        assertThat(calls.again).isPositive();
    }

    @Test
    void noDomainGetsMoreThanItsMaximum() {
        give(d.mfn(210), d.mfn(211));
        calls.put(LIST, 0, 1, 2, 3, 4);

        assertThat(change(POPULATE, 4, 0)).isEqualTo(2);
        assertThat(calls.word(LIST, 16)).as("untouched").isEqualTo(3);
        assertThat(change(INCREASE, 1, 0)).isZero();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES);
    }

    @Test
    void anExtentOfManyFramesGoesAsAWholeOrNotAtAll() {
        calls.put(LIST, 0, d.mfn(208), d.mfn(TestDomain.SPARE - 4));
        assertThat(change(DECREASE, 2, 3)).as("half of the second is mapped").isEqualTo(1);
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES - 8);
        assertThat(owns(d.mfn(TestDomain.SPARE))).isTrue();

        calls.put(LIST, 0, 1000);
        assertThat(change(POPULATE, 1, 3)).isEqualTo(1);
        long mfn = calls.word(LIST, 0);
        assertThat(mfn % 8).isZero();
        for (int i = 0; i < 8; i++) {
            assertThat(d.domain.m2p().get(mfn + i)).isEqualTo(1000 + i);
        }
    }

    @Test
    void increasingTellsTheFramesOrNotAsTheGuestLikes() {
        give(d.mfn(210), d.mfn(211));
        calls.arg(0, 1, 0, TestCalls.SELF);
        assertThat(calls.call(MEMORY_OP, INCREASE, calls.arg())).isEqualTo(1);
        assertThat(change(INCREASE, 1, 0)).isEqualTo(1);
        long mfn = calls.word(LIST, 0);
        assertThat(owns(mfn)).isTrue();
        assertThat(d.domain.m2p().get(mfn)).isEqualTo(MachineToPhys.INVALID);
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES);
    }

    @Test
    void framesThatTheGuestCannotBeToldOfStayFree() {
        give(d.mfn(210));
        calls.arg(d.va(3), 1, 0, TestCalls.SELF);

        assertThat(calls.call(MEMORY_OP, POPULATE, calls.arg())).as("a read-only list").isZero();
        assertThat(calls.call(MEMORY_OP, INCREASE, calls.arg())).isZero();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES - 1);
    }

    @Test
    void theCommandSaysWhereToBegin() {
        calls.put(LIST, 0, d.mfn(MAPPED), d.mfn(220));
        calls.arg(d.va(LIST), 2, 0, TestCalls.SELF);

        assertThat(calls.call(MEMORY_OP, DECREASE | 1 << 6, calls.arg())).isEqualTo(2);
        assertThat(calls.call(MEMORY_OP, DECREASE | 7 << 6, calls.arg())).isEqualTo(7);
        assertThat(owns(d.mfn(220))).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"10, 0, 0x7ff0", "-1, 0, 0x7ff0", "0, 12, 0x7ff0", "0, 32, 0x7ff0", "0, 65536, 0x7ff0", "0, 0, 0", "0, 0x20100, 0x7ff0",
        "0, 0, 9"})
    void ordersAddressesAndDomainsThatCannotBeGetNothing(int order, int flags, int domid) {
        give(d.mfn(210), d.mfn(211));
        calls.put(LIST, 0, 5);
        calls.arg(d.va(LIST), 1, TestCalls.ints(order, flags), domid);

        assertThat(calls.call(MEMORY_OP, POPULATE, calls.arg())).isZero();
        assertThat(calls.call(MEMORY_OP, POPULATE, 0)).isZero();
    }

    /// A list of as many extents as there may be: the call ends, and lets others have their turn meanwhile.
    @Test
    void aVeryLongListIsDoneInPieces() {
        calls.arg(TestDomain.ENDLESS_VA, 0x3ff_ffff, 0, TestCalls.SELF);
        calls.put(TestDomain.ENDLESS_PFN, 0, d.mfn(230));
        assertThat(calls.call(MEMORY_OP, DECREASE, calls.arg())).isEqualTo(1);

        long[] mfns = new long[50];
        for (int i = 0; i < mfns.length; i++) {
            mfns[i] = d.mfn(201 + i == 230 ? 255 : 201 + i);
        }
        calls.again = 0;
        assertThat(give(mfns)).isEqualTo(50);
        assertThat(calls.again).isZero();
        calls.context.begin();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES - 51);
    }

    // ---- exchange

    private long exchange(long inExtents, int inOrder, long outExtents, int outOrder, long done) {
        calls.arg(d.va(LIST), inExtents, TestCalls.ints(inOrder, 0), TestCalls.SELF,
                d.va(OUT), outExtents, TestCalls.ints(outOrder, 0), TestCalls.SELF, done);
        return calls.call(MEMORY_OP, EXCHANGE, calls.arg());
    }

    private long exchanged() {
        return calls.word(TestCalls.ARG, 64);
    }

    @Test
    void singleFramesAreExchangedForAContiguousRun() {
        calls.put(LIST, 0, d.mfn(201), d.mfn(203), d.mfn(205), d.mfn(207));
        calls.put(OUT, 0, 500);

        assertThat(exchange(4, 0, 1, 2, 0)).isZero();

        assertThat(exchanged()).isEqualTo(4);
        long mfn = calls.word(OUT, 0);
        for (int i = 0; i < 4; i++) {
            assertThat(owns(mfn + i)).isTrue();
            assertThat(d.domain.m2p().get(mfn + i)).isEqualTo(500 + i);
            assertThat(owns(d.mfn(201 + 2 * i))).isFalse();
        }
        assertThat(mfn % 4).isZero();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES);
    }

    @Test
    void aRunIsExchangedForSingleFramesWhichMayBeItsOwn() {
        long first = (d.mfn(208) + 7) & -8;
        calls.put(LIST, 0, first);
        calls.put(OUT, 0, 1, 2, 3, 4, 5, 6, 7, 8);
        d.memory.writeWord(first << 12, 99);

        assertThat(exchange(1, 3, 8, 0, 0)).isZero();

        for (int i = 0; i < 8; i++) {
            long mfn = calls.word(OUT, 8 * i);
            assertThat(owns(mfn)).isTrue();
            assertThat(d.domain.m2p().get(mfn)).isEqualTo(i + 1);
            assertThat(d.memory.readWord(mfn << 12)).isZero();
        }
        assertThat(exchanged()).isEqualTo(1);
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES);
    }

    @Test
    void anExchangeThatFailsHasTakenNothing() {
        calls.put(LIST, 0, d.mfn(210), d.mfn(211), d.mfn(211), d.mfn(212));
        calls.put(OUT, 0, 500);
        d.memory.writeWord(d.ma(210), 42);

        assertThat(exchange(4, 0, 1, 2, 0)).as("one frame twice").isEqualTo(-XenErrno.EINVAL);
        calls.put(LIST, 0, d.mfn(210), d.mfn(211), d.mfn(MAPPED), d.mfn(212));
        assertThat(exchange(4, 0, 1, 2, 0)).as("one is mapped").isEqualTo(-XenErrno.EINVAL);
        for (int i = 0; i < 32; i++) {
            calls.put(LIST, 8 * i, d.mfn(220 + i));
        }
        assertThat(exchange(32, 0, 1, 5, 0)).as("no such run").isEqualTo(-XenErrno.ENOMEM);

        assertThat(exchanged()).isZero();
        assertThat(d.memory.readWord(d.ma(210))).isEqualTo(42);
        assertThat(d.domain.m2p().get(d.mfn(210))).isEqualTo(210);
        assertThat(d.domain.m2p().get(d.mfn(230))).isEqualTo(230);
        assertThat(owns(d.mfn(211))).isTrue();
        assertThat(frameCount()).isEqualTo(TestDomain.FRAMES);
        assertThat(d.discarded).isZero();
    }

    @Test
    void anExchangeSaysHowFarItCameAndGoesOnThere() {
        calls.put(LIST, 0, d.mfn(210), d.mfn(MAPPED), d.mfn(211));
        calls.put(OUT, 0, 1, 2, 3);
        assertThat(exchange(3, 0, 3, 0, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(exchanged()).isOne();

        assertThat(exchange(3, 0, 3, 0, 2)).isZero();
        assertThat(exchanged()).isEqualTo(3);
        assertThat(calls.word(OUT, 0)).isNotEqualTo(1);
        assertThat(calls.word(OUT, 8)).as("passed over").isEqualTo(2);
        assertThat(d.domain.m2p().get(calls.word(OUT, 16))).isEqualTo(3);
    }

    @Test
    void anExchangeOfUnequalSizesOrForeignMemoryIsRefused() {
        assertThat(exchange(1, 10, 1, 10, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(exchange(2, 0, 1, 2, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(exchange(1, 0, 1, 0, 2)).isEqualTo(-XenErrno.EINVAL);
        assertThat(exchange(1L << 62, 3, 1L << 62, 3, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(exchange(-1, 0, -1, 0, 0)).isEqualTo(-XenErrno.EFAULT);
        calls.arg(d.va(LIST), 1, 0, 9, d.va(OUT), 1, 0, 9, 0);
        assertThat(calls.call(MEMORY_OP, EXCHANGE, calls.arg())).isEqualTo(-XenErrno.ESRCH);
        calls.arg(d.va(LIST), 1, 0, 9, d.va(OUT), 1, 0, 0, 0);
        assertThat(calls.call(MEMORY_OP, EXCHANGE, calls.arg())).isEqualTo(-XenErrno.EINVAL);
        calls.arg(d.va(LIST), 1, 0, TestCalls.SELF, d.va(OUT), 1, 0x20100L << 32, TestCalls.SELF, 0);
        assertThat(calls.call(MEMORY_OP, EXCHANGE, calls.arg())).as("a node of the host").isEqualTo(-XenErrno.EINVAL);
        calls.arg(d.va(LIST), 1, 0, 9, d.va(OUT), 1, 0, 9, 1);
        assertThat(calls.call(MEMORY_OP, EXCHANGE, calls.arg())).as("all done").isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -8, 0xffff_8000_0000_0000L, MonitorAbi.BASE, TestDomain.BASE_VA + 3 * 4096})
    void anAnswerThatCannotBeWrittenTakesNothing(long out) {
        calls.put(LIST, 0, d.mfn(210));
        calls.arg(d.va(LIST), 1, 0, TestCalls.SELF, out, 1, 0, TestCalls.SELF, 0);

        assertThat(calls.call(MEMORY_OP, EXCHANGE, calls.arg())).isEqualTo(-XenErrno.EFAULT);
        assertThat(owns(d.mfn(210))).isTrue();
        assertThat(d.discarded).isZero();
    }
}
