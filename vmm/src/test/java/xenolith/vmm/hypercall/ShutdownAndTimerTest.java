package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.SCHED_OP;
import static xenolith.abi.HypercallNumber.SCHED_OP_COMPAT;
import static xenolith.abi.HypercallNumber.SET_TIMER_OP;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ESRCH;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenSched;
import xenolith.abi.XenVirq;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.sched.VcpuTimer;

/// How domains end by their own wish, polls that need not wait, and timers of guests whose clock went wrong.
class ShutdownAndTimerTest {
    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    private long sched(long cmd, long... words) {
        calls.arg(words);
        return calls.call(SCHED_OP, cmd, calls.arg());
    }

    // ---- shutdown

    @ParameterizedTest
    @ValueSource(ints = {5, 6, 255, -1})
    void aReasonWithoutANameEndsTheDomainAsACrash(int reason) {
        assertThat(sched(XenSched.SCHEDOP_SHUTDOWN, reason & 0xffff_ffffL)).isZero();
        assertThat(d.domain.end()).isEqualTo(new DomainEnd.Crashed(
                "the guest shuts down for reason " + (reason & 0xff) + ", which has no name", ""));
    }

    @Test
    void theFirstReasonCountsAndMayBeSaidBeforehand() {
        assertThat(sched(XenSched.SCHEDOP_SHUTDOWN_CODE, XenSched.SHUTDOWN_REBOOT)).isZero();
        assertThat(sched(XenSched.SCHEDOP_SHUTDOWN_CODE, XenSched.SHUTDOWN_CRASH)).isZero();
        assertThat(d.domain.end()).as("it only says why").isNull();
        assertThat(sched(XenSched.SCHEDOP_SHUTDOWN, XenSched.SHUTDOWN_POWEROFF)).isZero();
        assertThat(d.domain.end()).isEqualTo(new DomainEnd.Rebooted());
    }

    @Test
    void noDomainShutsDownAnotherOrItselfFromAfar() {
        for (int domid : new int[] {0, TestDomain.DOMID}) {
            assertThat(sched(XenSched.SCHEDOP_REMOTE_SHUTDOWN, domid)).isEqualTo(-EPERM);
        }
        for (int domid : new int[] {TestDomain.DOMID + 1, TestCalls.SELF, 0xffff}) {
            assertThat(sched(XenSched.SCHEDOP_REMOTE_SHUTDOWN, domid)).isEqualTo(-ESRCH);
        }
        assertThat(calls.call(SCHED_OP, XenSched.SCHEDOP_REMOTE_SHUTDOWN, 0)).isEqualTo(-EFAULT);
        assertThat(calls.call(SCHED_OP, XenSched.SCHEDOP_SHUTDOWN_CODE, 0)).isEqualTo(-EFAULT);
        assertThat(d.domain.end()).isNull();
    }

    @Test
    void aGuestDoesNotChooseItsProcessor() {
        assertThat(sched(XenSched.SCHEDOP_PIN_OVERRIDE, 0)).isEqualTo(-EPERM);
        assertThat(calls.call(SCHED_OP, XenSched.SCHEDOP_PIN_OVERRIDE, 0)).isEqualTo(-EPERM);
    }

    @Test
    void theOlderCallTakesItsReasonInARegister() {
        assertThat(calls.call(SCHED_OP_COMPAT, XenSched.SCHEDOP_YIELD, 0)).isZero();
        assertThat(calls.call(SCHED_OP_COMPAT, XenSched.SCHEDOP_BLOCK, 0)).isZero();
        assertThat(calls.control).containsExactly("yield", "block");
        assertThat(calls.call(SCHED_OP_COMPAT, XenSched.SCHEDOP_POLL, calls.arg())).isEqualTo(-ENOSYS);
        assertThat(calls.call(SCHED_OP_COMPAT, XenSched.SCHEDOP_SHUTDOWN, XenSched.SHUTDOWN_REBOOT)).isZero();
        assertThat(d.domain.end()).isEqualTo(new DomainEnd.Rebooted());
    }

    // ---- poll

    @Test
    void aPollDoesNotWaitForWhatIsThereNorLookAtPortsBehindIt() {
        int port = (int) d.domain.events().bindIpi(0);
        calls.put(TestCalls.ARG + 1, 0, TestCalls.ints(port, 4711));

        assertThat(sched(XenSched.SCHEDOP_POLL, d.va(TestCalls.ARG + 1), 2, 0)).as("no such port").isNegative();
        d.domain.events().send(port);
        assertThat(sched(XenSched.SCHEDOP_POLL, d.va(TestCalls.ARG + 1), 2, 0)).isZero();
        assertThat(calls.control).isEmpty();
    }

    @Test
    void aPollWithAnEventThatIsDueLooksAtNoPort() {
        int port = (int) d.domain.events().bindVirq(XenVirq.VIRQ_TIMER, 0);
        calls.vcpu.maskEvents(false);
        d.domain.events().raiseVirq(0, XenVirq.VIRQ_TIMER);
        calls.put(TestCalls.ARG + 1, 0, port + 1);

        assertThat(sched(XenSched.SCHEDOP_POLL, d.va(TestCalls.ARG + 1), 1, 0)).isZero();
        assertThat(calls.control).isEmpty();
    }

    // ---- set_timer_op

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 52})
    void aTimerOfAClockThatWrappedComesALittleLater(long deadline) {
        long before = d.domain.clock().nowNs();
        assertThat(calls.call(SET_TIMER_OP, deadline)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs())
                .isBetween(before + 100_000_000, d.domain.clock().nowNs() + 100_000_000);
    }

    @Test
    void aTimerInThePastIsDueAtOnceAndOneWithinDaysIsTakenAsItIs() {
        assertThat(calls.call(SET_TIMER_OP, 1)).isZero();
        assertThat(calls.vcpu.timer().expire()).isTrue();
        long tenDays = 10L * 24 * 3600 * 1_000_000_000;
        assertThat(calls.call(SET_TIMER_OP, tenDays)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(tenDays);
        assertThat(calls.call(SET_TIMER_OP, 0)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
    }
}
