package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.EVENT_CHANNEL_OP;
import static xenolith.abi.HypercallNumber.SET_GDT;
import static xenolith.abi.HypercallNumber.UPDATE_DESCRIPTOR;
import static xenolith.abi.XenErrno.EEXIST;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOENT;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ESRCH;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenEventChannel;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.mm.PageType;
import xenolith.vmm.monitor.MonitorAbi;

class DescriptorAndEventTest {
    private static final int GDT = TestDomain.SPARE + 10;
    private static final long CODE = 0x00af_9b00_0000_ffffL;
    private static final long CODE_DPL3 = 0x00af_fb00_0000_ffffL;
    private static final long TASK_GATE = 0x0000_8500_0000_0000L;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private long gdtPage(int index) {
        long va = MonitorAbi.BASE + 0x800_0000L + index * 4096L;
        return d.kernelView().ma(va);
    }

    private long setGdt(long entries, long... mfns) {
        calls.arg(mfns);
        return calls.call(SET_GDT, calls.arg(), entries);
    }

    // ---- set_gdt

    @Test
    void aGdtIsMappedFromItsFirstPageOnAndItsSegmentsGetRing3() {
        d.memory.writeWord(d.ma(GDT) + 16, CODE);
        long unused = gdtPage(2);

        assertThat(setGdt(513, d.mfn(GDT), d.mfn(GDT + 1))).isZero();

        assertThat(gdtPage(0)).isEqualTo(d.ma(GDT));
        assertThat(gdtPage(1)).isEqualTo(d.ma(GDT + 1));
        assertThat(gdtPage(2)).isEqualTo(unused);
        assertThat(d.memory.readWord(d.ma(GDT) + 16)).isEqualTo(CODE_DPL3);
        assertThat(d.frames.type(d.mfn(GDT))).isEqualTo(PageType.SEGDESC);
        assertThat(d.memory.readWord(gdtPage(14) + 0x30)).as("Xen's own page stays").isEqualTo(CODE_DPL3);
    }

    @Test
    void theNextGdtReplacesTheLastAndAnEmptyOneRemovesIt() {
        assertThat(setGdt(1, d.mfn(GDT))).isZero();
        assertThat(setGdt(512, d.mfn(GDT + 1))).isZero();
        assertThat(d.frames.typeCount(d.mfn(GDT))).isZero();
        assertThat(gdtPage(0)).isEqualTo(d.ma(GDT + 1));

        assertThat(calls.call(SET_GDT, 0, 0)).isZero();

        assertThat(d.frames.typeCount(d.mfn(GDT + 1))).isZero();
        assertThat(gdtPage(0)).isNotEqualTo(d.ma(GDT + 1));
        assertThat(d.memory.readWord(gdtPage(0))).as("nothing in it").isZero();
    }

    @Test
    void aGdtWithOneBadFrameIsRefusedAsAWhole() {
        long before = gdtPage(0);
        d.memory.writeWord(d.ma(GDT + 1), TASK_GATE);
        long[][] bad = {{d.mfn(GDT), d.mfn(GDT + 1)}, {d.mfn(GDT), d.mfn(3)}, {d.mfn(GDT), d.memory.endMfn()},
            {d.mfn(GDT), -1}, {d.mfn(GDT), 0}, {d.mfn(GDT), d.grantMfn}, {d.mfn(GDT), d.mfn(TestCalls.ARG)}};
        for (long[] frames : bad) {
            assertThat(setGdt(1024, frames)).as("second frame %x", frames[1]).isNegative();
            assertThat(d.frames.typeCount(d.mfn(GDT))).isZero();
            assertThat(gdtPage(0)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {7169, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32})
    void aGdtHasRoomFor7168Entries(long entries) {
        assertThat(setGdt(entries, d.mfn(GDT))).isEqualTo(-EINVAL);
    }

    @Test
    void aFrameThatWasATableJustNowBecomesAGdtAfterACommit() {
        calls.served(true);
        for (int pfn = GDT; pfn < GDT + 2; pfn++) {
            assertThat(d.domain.pageTables().pin(d.mfn(pfn), 1)).isZero();
            assertThat(d.domain.pageTables().unpin(d.mfn(pfn))).isZero();
        }

        assertThat(setGdt(1024, d.mfn(GDT), d.mfn(GDT + 1))).isZero();

        assertThat(calls.again).isBetween(1, 3);
        assertThat(d.frames.typeCount(d.mfn(GDT))).isOne();
    }

    // ---- update_descriptor

    @Test
    void descriptorsAreCorrectedAndWritten() {
        assertThat(setGdt(1, d.mfn(GDT))).isZero();

        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(GDT) + 8, CODE)).isZero();
        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(TestCalls.ARG) + 8, CODE)).as("a plain page").isZero();

        assertThat(d.memory.readWord(d.ma(GDT) + 8)).isEqualTo(CODE_DPL3);
        assertThat(calls.word(TestCalls.ARG, 8)).isEqualTo(CODE_DPL3);
    }

    @Test
    void badDescriptorsAndPlacesAreRefused() {
        assertThat(setGdt(1, d.mfn(GDT))).isZero();
        long before = calls.word(3, 8);

        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(GDT) + 8, TASK_GATE)).isEqualTo(-EINVAL);
        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(GDT) + 4, CODE)).isEqualTo(-EINVAL);
        assertThat(calls.call(UPDATE_DESCRIPTOR, d.ma(3) + 8, CODE)).as("a page table").isNegative();
        for (long ma : new long[] {0, -8, d.memory.endMfn() << 12, (d.memory.endMfn() - 1) << 12}) {
            assertThat(calls.call(UPDATE_DESCRIPTOR, ma, CODE)).isNegative();
        }
        assertThat(d.memory.readWord(d.ma(GDT) + 8)).isZero();
        assertThat(calls.word(3, 8)).isEqualTo(before);
    }

    // ---- event_channel_op: the room; the rules are EventChannelsTest's

    private long event(long cmd, long... words) {
        calls.arg(words);
        return calls.call(EVENT_CHANNEL_OP, cmd, calls.arg());
    }

    @Test
    void boundPortsAreToldInTheirStructs() {
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_VIRQ, TestCalls.ints(0, 0), -1)).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 8)).isOne();
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_IPI, TestCalls.ints(0, -1))).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 4)).isEqualTo(2);
        assertThat(event(XenEventChannel.EVTCHNOP_ALLOC_UNBOUND, TestCalls.ints(TestCalls.SELF | TestCalls.SELF << 16,
                -1))).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 4)).isEqualTo(3);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_INTERDOMAIN, TestCalls.ints(TestCalls.SELF, 3), -1)).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 8)).isEqualTo(4);
        assertThat(event(XenEventChannel.EVTCHNOP_SEND, 4)).isZero();
        assertThat(d.domain.events().isPending(3)).isTrue();
        assertThat(event(XenEventChannel.EVTCHNOP_UNMASK, 3)).isZero();
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_VCPU, TestCalls.ints(3, 0))).isZero();
        assertThat(event(XenEventChannel.EVTCHNOP_CLOSE, 3)).isZero();
        assertThat(d.domain.events().isOpen(3)).isFalse();
    }

    @Test
    void refusalsAreNegativeAndWriteNothing() {
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_VIRQ, TestCalls.ints(24, 0), -1)).isEqualTo(-EINVAL);
        assertThat(calls.intAt(TestCalls.ARG, 8)).isEqualTo(-1);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_VIRQ, TestCalls.ints(0, 1), -1)).isEqualTo(-ENOENT);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_VIRQ, TestCalls.ints(0, 0), -1)).isZero();
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_VIRQ, TestCalls.ints(0, 0), -1)).isEqualTo(-EEXIST);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_IPI, TestCalls.ints(1, -1))).isEqualTo(-ENOENT);
        assertThat(event(XenEventChannel.EVTCHNOP_ALLOC_UNBOUND, 0)).isEqualTo(-EPERM);
        assertThat(event(XenEventChannel.EVTCHNOP_ALLOC_UNBOUND, TestCalls.ints(3, -1))).isEqualTo(-ESRCH);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_INTERDOMAIN, TestCalls.ints(0, 1), -1)).isEqualTo(-EINVAL);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_INTERDOMAIN, TestCalls.ints(9, 1), -1)).isEqualTo(-ESRCH);
        assertThat(event(XenEventChannel.EVTCHNOP_BIND_PIRQ)).isEqualTo(-EPERM);
        for (long cmd : new long[] {14, 99, -1}) {
            assertThat(event(cmd)).isEqualTo(-ENOSYS);
        }
        for (long cmd : new long[] {3, 4, 8, 9}) {
            assertThat(event(cmd, 0)).isEqualTo(cmd == XenEventChannel.EVTCHNOP_UNMASK ? 0 : -EINVAL);
            assertThat(event(cmd, 0xffff_ffffL)).isEqualTo(-EINVAL);
            assertThat(event(cmd, 4096)).isEqualTo(-EINVAL);
        }
    }
}
