package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.EVENT_CHANNEL_OP;
import static xenolith.abi.HypercallNumber.MMU_UPDATE;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import xenolith.abi.HypercallNumber;
import xenolith.abi.XenErrno;
import xenolith.abi.XenEventChannel;
import xenolith.vmm.domain.TestDomain;

class EventChannelHypercallTest {
    private static final int CONTROL = 100;
    private static final int ARRAY = 101;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private long op(int cmd, long... words) {
        calls.arg(words);
        return calls.call(EVENT_CHANNEL_OP, cmd, calls.arg());
    }

    @Test
    void aFrameOfTheQueuesStaysWritableUntilTheReset() {
        assertThat(op(XenEventChannel.EVTCHNOP_INIT_CONTROL, d.mfn(CONTROL), 0, 0)).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 16)).as("link bits").isEqualTo(17);
        assertThat(op(XenEventChannel.EVTCHNOP_EXPAND_ARRAY, d.mfn(ARRAY))).isZero();
        assertThat(d.frames.typeCount(d.mfn(ARRAY))).isEqualTo(2);
        calls.arg(d.l1EntryMa(ARRAY), 0);
        calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestCalls.SELF);
        assertThat(d.domain.pageTables().pin(d.mfn(ARRAY), 1)).isNegative();

        assertThat(op(XenEventChannel.EVTCHNOP_RESET, TestCalls.SELF)).isZero();

        assertThat(d.frames.refCount(d.mfn(ARRAY))).isZero();
        assertThat(d.frames.typeCount(d.mfn(CONTROL))).isEqualTo(1);
    }

    @Test
    void framesThatCannotBeWrittenAreEINVAL() {
        for (long mfn : new long[] {d.mfn(0), d.mfn(3), 0, -1, d.memory.endMfn()}) {
            assertThat(op(XenEventChannel.EVTCHNOP_INIT_CONTROL, mfn, 0, 0)).isEqualTo(-XenErrno.EINVAL);
        }
        assertThat(op(XenEventChannel.EVTCHNOP_EXPAND_ARRAY, d.mfn(ARRAY))).isEqualTo(-XenErrno.EOPNOTSUPP);
        op(XenEventChannel.EVTCHNOP_INIT_CONTROL, d.mfn(CONTROL), 0, 0);
        assertThat(op(XenEventChannel.EVTCHNOP_EXPAND_ARRAY, d.mfn(3))).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void theStatusIsForOnesOwnPorts() {
        int port = (int) d.domain.events().bindVirq(1, 0);
        assertThat(op(XenEventChannel.EVTCHNOP_STATUS, TestCalls.ints(TestCalls.SELF, port), 0, 0)).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 8)).isEqualTo(XenEventChannel.EVTCHNSTAT_VIRQ);
        assertThat(calls.intAt(TestCalls.ARG, 16)).isEqualTo(1);
        assertThat(op(XenEventChannel.EVTCHNOP_STATUS, TestCalls.ints(0, port), 0, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(op(XenEventChannel.EVTCHNOP_STATUS, TestCalls.ints(9, port), 0, 0)).isEqualTo(-XenErrno.ESRCH);
        assertThat(op(XenEventChannel.EVTCHNOP_STATUS, TestCalls.ints(TestCalls.SELF, -1), 0, 0))
                .isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void onlyOnesOwnPortsAreReset() {
        long port = d.domain.events().bindIpi(0);
        assertThat(op(XenEventChannel.EVTCHNOP_RESET, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(op(XenEventChannel.EVTCHNOP_RESET, 9)).isEqualTo(-XenErrno.ESRCH);
        assertThat(d.domain.events().isOpen((int) port)).isTrue();
    }

    @Test
    void aResetOfManyPortsGoesInPieces() {
        for (int i = 1; i < 4096; i++) {
            d.domain.events().bindIpi(0);
        }
        calls.again = 0;
        assertThat(op(XenEventChannel.EVTCHNOP_RESET, TestCalls.SELF)).isZero();
        assertThat(calls.again).isPositive();
        assertThat(d.domain.events().bindIpi(0)).isOne();
    }

    /// The guest can keep all closed ports busy in its queues, so that each search looks at all of them.
    @Test
    void aLongSearchForAPortCountsInAMulticall() {
        op(XenEventChannel.EVTCHNOP_INIT_CONTROL, d.mfn(CONTROL), 0, 0);
        op(XenEventChannel.EVTCHNOP_EXPAND_ARRAY, d.mfn(ARRAY));
        d.page(ARRAY).fill((byte) 0xff);
        calls.context.begin();
        calls.arg(0);
        assertThat(calls.dispatch(EVENT_CHANNEL_OP, XenEventChannel.EVTCHNOP_BIND_IPI, calls.arg())).isZero();

        assertThat(calls.intAt(TestCalls.ARG, 4)).as("the first that is not busy").isEqualTo(1024);
        int left = 0;
        while (!calls.context.isPieceOver(1)) {
            left++;
        }
        assertThat(left).isEqualTo(2048 - 1023 / 16);
    }

    @Test
    void theOlderFormHasItsCommandBeforeItsStructure() {
        calls.arg(TestCalls.ints(XenEventChannel.EVTCHNOP_BIND_IPI, 0), 0, 0, 0);
        assertThat(calls.call(HypercallNumber.EVENT_CHANNEL_OP_COMPAT, calls.arg())).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 8)).as("the port").isOne();
        calls.arg(TestCalls.ints(XenEventChannel.EVTCHNOP_CLOSE, 1), 0, 0, 0);
        assertThat(calls.call(HypercallNumber.EVENT_CHANNEL_OP_COMPAT, calls.arg())).isZero();
        assertThat(d.domain.events().isOpen(1)).isFalse();
        for (int cmd : new int[] {XenEventChannel.EVTCHNOP_RESET, -1, 99}) {
            calls.arg(TestCalls.ints(cmd, TestCalls.SELF), 0, 0, 0);
            assertThat(calls.call(HypercallNumber.EVENT_CHANNEL_OP_COMPAT, calls.arg())).isEqualTo(-XenErrno.ENOSYS);
        }
        assertThat(calls.call(HypercallNumber.EVENT_CHANNEL_OP_COMPAT, 0)).isEqualTo(-XenErrno.EFAULT);
    }

    @Test
    void noPhysicalInterruptIsPermitted() {
        assertThat(op(XenEventChannel.EVTCHNOP_BIND_PIRQ, 9, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(op(XenEventChannel.EVTCHNOP_BIND_PIRQ, 5000, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(op(XenEventChannel.EVTCHNOP_BIND_PIRQ, -1, 0)).isEqualTo(-XenErrno.EINVAL);
        assertThat(op(99)).isEqualTo(-XenErrno.ENOSYS);
    }
}
