package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.SCHED_OP;
import static xenolith.abi.HypercallNumber.SET_TIMER_OP;
import static xenolith.abi.HypercallNumber.VCPU_OP;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOENT;
import static xenolith.abi.XenErrno.ENOSPC;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.ENXIO;
import static xenolith.abi.XenErrno.ETIME;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenMmu;
import xenolith.abi.XenVcpu;
import xenolith.abi.XenVcpuInfo;
import xenolith.abi.XenVcpuInfo.VcpuTimeInfo;
import xenolith.abi.XenVirq;
import xenolith.vmm.control.DomainEnd;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.monitor.MonitorAbi;
import xenolith.vmm.sched.VcpuTimer;

class VcpuAndSchedTest {
    private static final int INFO = TestCalls.ARG + 1;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private long vcpuOp(long cmd, long... words) {
        calls.arg(words);
        return calls.call(VCPU_OP, cmd, 0, calls.arg());
    }

    private long unaligned(int pfn, int offset) {
        return d.page(pfn).get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }

    // ---- which vcpus there are

    @Test
    void processorsAreCountedByAskingUntilTheAnswerIsNegative() {
        TestCalls two = new TestCalls(new TestDomain(2, false));

        assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_IS_UP, 0, 0)).isOne();
        assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_IS_UP, 1, 0)).isZero();
        for (long id : new long[] {2, 8191, -1, Integer.MIN_VALUE, 0x8000_0000L}) {
            assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_IS_UP, id, 0)).isEqualTo(-ENOENT);
        }
    }

    @Test
    void processorsOfTheHostAreNotTold() {
        assertThat(vcpuOp(XenVcpu.VCPUOP_GET_PHYSID)).isEqualTo(-EINVAL);
        assertThat(calls.word(TestCalls.ARG, 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {14, 99, -1})
    void otherOperationsAreENOSYS(long cmd) {
        assertThat(vcpuOp(cmd)).isEqualTo(-ENOSYS);
    }

    // ---- vcpu_info

    @Test
    void vcpuInfoMovesWithItsContentsAndEverythingIsToBeLookedAt() {
        long timeAt = d.sharedInfoMa + XenVcpuInfo.TIME_OFFSET;
        d.domain.clock().writeTimeInfo(d.memory, timeAt);

        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, d.mfn(INFO), 256)).isZero();

        assertThat(calls.vcpu.vcpuInfoMa()).isEqualTo(d.ma(INFO) + 256);
        assertThat(calls.vcpu.eventsMasked()).as("as it was").isTrue();
        assertThat(calls.vcpu.eventPending()).isTrue();
        assertThat(calls.word(INFO, 256 + 8)).isEqualTo(~0L);
        assertThat(VcpuTimeInfo.tscToSystemMul(d.page(INFO), 256 + XenVcpuInfo.TIME_OFFSET)).isNotZero();
        assertThat(d.kernelView().superWord(0, "S_VCPU_INFO"))
                .isEqualTo(MonitorAbi.windowVa(0) + 0x5000 + 256);
        assertThat(d.kernelView().ma(MonitorAbi.windowVa(0) + 0x5000)).as("the stubs' view").isEqualTo(d.ma(INFO));
        assertThat(d.frames.typeCount(d.mfn(INFO))).as("mapped by the guest, and held").isEqualTo(2);
    }

    @Test
    void eventsGoToWhereVcpuInfoIsNow() {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, d.mfn(INFO), 0)).isZero();
        d.memory.writeByte(d.ma(INFO), (byte) 0);
        d.memory.writeWord(d.ma(INFO) + 8, 0);
        long port = d.domain.events().bindVirq(XenVirq.VIRQ_TIMER, 0);

        d.domain.events().raiseVirq(0, XenVirq.VIRQ_TIMER);

        assertThat(d.domain.events().isPending((int) port)).isTrue();
        assertThat(calls.word(INFO, 8)).isOne();
        assertThat(d.memory.readByte(d.sharedInfoMa)).isZero();
    }

    @Test
    void vcpuInfoIsRegisteredOnce() {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, d.mfn(INFO), 0)).isZero();
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, d.mfn(INFO + 1), 0)).isEqualTo(-EINVAL);
        assertThat(d.frames.typeCount(d.mfn(INFO + 1))).isOne();
    }

    @ParameterizedTest
    @ValueSource(longs = {4096 - 63, 4032 + 8, 4096, 0xffff_ffffL, 0x8000_0000L, 1, 4, 7})
    void vcpuInfoFitsItsPageAndIsAligned(long offset) {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, d.mfn(INFO), offset)).isEqualTo(-ENXIO);
        assertThat(calls.vcpu.hasOwnVcpuInfo()).isFalse();
    }

    @Test
    void theInfoOfAnotherVcpuMovesOnlyWhileThatIsDown() {
        TestCalls two = new TestCalls(new TestDomain(2, false));
        two.arg(two.d.mfn(INFO), 64);
        two.d.domain.vcpuUp(two.d.domain.vcpu(1), true);
        assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_REGISTER_VCPU_INFO, 1, two.arg())).isEqualTo(-EINVAL);
        two.d.domain.vcpuUp(two.d.domain.vcpu(1), false);
        assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_REGISTER_VCPU_INFO, 1, two.arg())).isZero();
        assertThat(two.d.domain.vcpu(1).vcpuInfoMa()).isEqualTo(two.d.ma(INFO) + 64);
    }

    @Test
    void vcpuInfoLiesInAWritableFrameOfTheDomain() {
        for (long mfn : new long[] {0, -1, d.memory.endMfn(), d.memory.endMfn() - 1, d.mfn(3)}) {
            assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, mfn, 0)).as("mfn %x", mfn).isEqualTo(-EINVAL);
        }
        assertThat(calls.vcpu.hasOwnVcpuInfo()).isFalse();
        assertThat(calls.vcpu.vcpuInfoMa()).isEqualTo(d.sharedInfoMa);
    }

    @Test
    void aFrameThatWasATableJustNowBecomesVcpuInfoAfterACommit() {
        calls.served(true);
        long mfn = d.mfn(TestDomain.SPARE);
        assertThat(d.domain.pageTables().pin(mfn, 1)).isZero();
        assertThat(d.domain.pageTables().unpin(mfn)).isZero();

        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, mfn, 0)).isZero();

        assertThat(calls.again).isPositive();
        assertThat(calls.vcpu.vcpuInfoMa()).isEqualTo(mfn << 12);
    }

    @Test
    void aRegisteredVcpuInfoNeverBecomesAPageTable() {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_INFO, d.mfn(INFO), 0)).isZero();
        calls.arg(d.l1EntryMa(INFO), 0);
        assertThat(calls.call(1, calls.arg(), 1, 0, TestCalls.SELF)).isZero();
        calls.arg(XenMmu.MMUEXT_PIN_L1_TABLE, d.mfn(INFO));

        assertThat(calls.call(26, calls.arg(), 1, 0, TestCalls.SELF)).isNegative();
    }

    // ---- areas

    @Test
    void theRunstateAreaIsFilledAtOnceAndMayBeAnywhere() {
        calls.vcpu.runState().enter(XenVcpu.RUNSTATE_RUNNING);

        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, d.va(INFO) + 4090)).isZero();

        assertThat(calls.vcpu.runstateVa()).isEqualTo(d.va(INFO) + 4090);
        // state u32, padding u32, entered u64, and the times from byte 16 on: 10 bytes behind the page's end.
        assertThat(d.memory.readByte(d.ma(INFO) + 4090)).isEqualTo((byte) XenVcpu.RUNSTATE_RUNNING);
        assertThat(unaligned(INFO + 1, 10 + 3 * 8)).isEqualTo(calls.vcpu.runState().timeNs(3)).isPositive();
        assertThat(vcpuOp(XenVcpu.VCPUOP_GET_RUNSTATE_INFO)).isZero();
        assertThat(XenVcpu.RunstateInfo.state(d.page(TestCalls.ARG), 0)).isEqualTo(XenVcpu.RUNSTATE_RUNNING);
        assertThat(XenVcpu.RunstateInfo.stateEntryTime(d.page(TestCalls.ARG), 0))
                .isEqualTo(calls.vcpu.runState().enteredNs());
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0)).as("none any more").isZero();
        assertThat(calls.vcpu.runstateVa()).isZero();
    }

    @Test
    void theTimeAreaIsTheClockThatTheVdsoReads() {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, d.va(INFO) + 8)).isZero();

        assertThat(VcpuTimeInfo.flags(d.page(INFO), 8)).isEqualTo(VcpuTimeInfo.XEN_PVCLOCK_TSC_STABLE_BIT);
        assertThat(VcpuTimeInfo.version(d.page(INFO), 8) & 1).isZero();
        assertThat(VcpuTimeInfo.tscToSystemMul(d.page(INFO), 8)).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, -1, 0x7fff_ffff_f000L})
    void anAreaThatIsNotMappedIsLeftOut(long va) {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, va)).isZero();
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, va)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0xffff_8080_0000_3000L, 0x8000_0000_0000L, Long.MIN_VALUE})
    void anAreaThatCannotBeTheGuestsIsEFAULTAndTheOldOneStays(long va) {
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, d.va(INFO))).isZero();
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, d.va(INFO) + 512)).isZero();
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, va)).isEqualTo(-EFAULT);
        assertThat(vcpuOp(XenVcpu.VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA, va)).isEqualTo(-EFAULT);
        assertThat(calls.vcpu.runstateVa()).isEqualTo(d.va(INFO));
        assertThat(calls.vcpu.timeAreaVa()).isEqualTo(d.va(INFO) + 512);
    }

    // ---- timers

    @Test
    void theSingleshotTimerIsSetAndStopped() {
        long deadline = d.domain.clock().nowNs() + 3_600_000_000_000L;
        assertThat(vcpuOp(XenVcpu.VCPUOP_SET_SINGLESHOT_TIMER, deadline, XenVcpu.VCPU_SSHOTTMR_FUTURE)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(deadline);
        assertThat(vcpuOp(XenVcpu.VCPUOP_STOP_SINGLESHOT_TIMER)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
        assertThat(calls.call(SET_TIMER_OP, deadline)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(deadline);
        assertThat(calls.call(SET_TIMER_OP, 0)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
    }

    @Test
    void aDeadlineThatMustLieInTheFutureAndDoesNotIsETIME() {
        for (long past : new long[] {0, -1, Long.MIN_VALUE}) {
            assertThat(vcpuOp(XenVcpu.VCPUOP_SET_SINGLESHOT_TIMER, past, XenVcpu.VCPU_SSHOTTMR_FUTURE))
                    .isEqualTo(-ETIME);
            assertThat(calls.vcpu.timer().expire()).isFalse();
            assertThat(vcpuOp(XenVcpu.VCPUOP_SET_SINGLESHOT_TIMER, past, 0)).as("else it is due at once").isZero();
            assertThat(calls.vcpu.timer().expire()).isTrue();
        }
    }

    @Test
    void aVcpuSetsOnlyItsOwnSingleshot() {
        TestCalls two = new TestCalls(new TestDomain(2, false));
        two.arg(1, 0);

        assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_SET_SINGLESHOT_TIMER, 1, two.arg())).isEqualTo(-EINVAL);
        assertThat(two.call(VCPU_OP, XenVcpu.VCPUOP_STOP_SINGLESHOT_TIMER, 1, two.arg())).isEqualTo(-EINVAL);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, 999_999, Long.MIN_VALUE, Long.MAX_VALUE, (1L << 62) + 1})
    void periodsAreNeitherTooShortNorTooLong(long period) {
        assertThat(vcpuOp(XenVcpu.VCPUOP_SET_PERIODIC_TIMER, period)).isEqualTo(-EINVAL);
        assertThat(calls.vcpu.timer().expire()).isFalse();
    }

    @Test
    void thePeriodicTimerIsSetAndStopped() {
        assertThat(vcpuOp(XenVcpu.VCPUOP_SET_PERIODIC_TIMER, 3_600_000_000_000L)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isBetween(3_600_000_000_000L, Long.MAX_VALUE - 1);
        assertThat(vcpuOp(XenVcpu.VCPUOP_STOP_PERIODIC_TIMER)).isZero();
        assertThat(calls.vcpu.timer().nextDeadlineNs()).isEqualTo(VcpuTimer.NEVER);
    }

    // ---- sched_op

    @Test
    void blockAndYieldAreTheVcpusThreadsToDo() {
        assertThat(calls.call(SCHED_OP, 0, 0)).isZero();
        assertThat(calls.call(SCHED_OP, 1, 0)).isZero();
        assertThat(calls.control).containsExactly("yield", "block");
        calls.served(true);
        for (long cmd = 0; cmd < 9; cmd++) {
            assertThat(calls.call(SCHED_OP, cmd, 0)).isEqualTo(CallContext.RING);
        }
        assertThat(calls.control).hasSize(2);
    }

    /// The others would wait for its proof.
    @Test
    void whoeverSleepsOrGoesDownCommitsFirst() {
        calls.d.domain.commits().require();
        assertThat(calls.call(SCHED_OP, 1, 0)).isZero();
        assertThat(calls.again).isEqualTo(1);
        calls.d.domain.commits().require();
        calls.arg(0, 0, 0);
        assertThat(calls.call(SCHED_OP, 3, calls.arg())).isZero();
        assertThat(calls.again).isEqualTo(2);
        calls.d.domain.commits().require();
        assertThat(vcpuOp(XenVcpu.VCPUOP_DOWN)).isZero();
        assertThat(calls.again).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(longs = {8, 99, -1})
    void otherSchedulingIsENOSYS(long cmd) {
        assertThat(calls.call(SCHED_OP, cmd, calls.arg())).isEqualTo(-ENOSYS);
    }

    private long watchdog(int id, int seconds) {
        calls.arg(TestCalls.ints(id, seconds));
        return calls.call(SCHED_OP, 6, calls.arg());
    }

    @Test
    void thereAreTwoWatchdogsWhichAreSetAnewByTheirNumbersAndTakenBack() {
        assertThat(watchdog(0, 0)).isEqualTo(-EINVAL);
        assertThat(watchdog(1, 100)).as("not in use").isEqualTo(-EINVAL);
        assertThat(watchdog(0, 100)).isOne();
        assertThat(watchdog(0, -1)).isEqualTo(2);
        assertThat(watchdog(0, 100)).isEqualTo(-ENOSPC);
        assertThat(watchdog(1, 200)).isZero();
        assertThat(watchdog(1, 0)).isZero();
        assertThat(watchdog(1, 0)).isEqualTo(-EINVAL);
        assertThat(watchdog(0, 100)).isOne();
        for (int id : new int[] {3, -1, Integer.MIN_VALUE}) {
            assertThat(watchdog(id, 100)).isEqualTo(-EINVAL);
        }
        assertThat(calls.call(SCHED_OP, 6, 0)).isEqualTo(-EFAULT);
        assertThat(d.domain.end()).isNull();
        d.domain.end(new DomainEnd.Destroyed());
    }

    @Test
    void aWatchdogThatRunsOutEndsTheDomain() throws InterruptedException {
        assertThat(watchdog(0, 1)).isOne();
        for (int i = 0; i < 600 && d.domain.end() == null; i++) {
            Thread.sleep(100);
        }
        assertThat(d.domain.end()).isEqualTo(new DomainEnd.WatchdogExpired());
    }

    @Test
    void anNmiWaitsForTheHandlerOfTheLastOneToEnd() {
        assertThat(calls.call(VCPU_OP, 11, 0, calls.arg())).isEqualTo(-EINVAL);
        assertThat(calls.vcpu.nmi().isDue()).isFalse();
        assertThat(calls.call(VCPU_OP, 11, 0, 0)).isZero();
        assertThat(calls.vcpu.nmi().isDue()).isTrue();
        calls.vcpu.nmi().take(true);
        assertThat(calls.call(VCPU_OP, 11, 0, 0)).isZero();
        assertThat(calls.vcpu.nmi().isDue()).isFalse();
        assertThat(d.kernelView().superWord(0, "S_SLOW_IRET")).as("so that we see the iret").isOne();
        calls.vcpu.nmi().handled();
        assertThat(calls.vcpu.nmi().isDue()).isTrue();
        assertThat(d.kernelView().superWord(0, "S_SLOW_IRET")).isZero();
    }

    @Test
    void theReasonOfAShutdownIsTheDomainsEnd() {
        assertEnds(0, new DomainEnd.PoweredOff());
        assertEnds(1, new DomainEnd.Rebooted());
        assertEnds(2, new DomainEnd.Suspended());
        assertEnds(3, new DomainEnd.Crashed("the guest says that it crashed", ""));
        assertEnds(4, new DomainEnd.WatchdogExpired());
    }

    private static void assertEnds(int reason, DomainEnd expected) {
        TestCalls own = new TestCalls();
        own.arg(reason);
        assertThat(own.call(SCHED_OP, 2, own.arg())).isZero();
        assertThat(own.d.domain.end()).isEqualTo(expected);
    }

    private long poll(long ports, int count, long timeout) {
        calls.put(TestCalls.ARG, 0, ports, count & 0xffff_ffffL, timeout);
        return calls.call(SCHED_OP, 3, calls.arg());
    }

    @Test
    void aPollWaitsForItsPortsUntilItsTime() {
        int one = (int) d.domain.events().bindIpi(0);
        int two = (int) d.domain.events().bindIpi(0);
        calls.put(INFO, 0, TestCalls.ints(two, one));

        assertThat(poll(d.va(INFO), 2, 12345)).isZero();
        assertThat(poll(d.va(INFO) + 4, 1, 0)).as("0 is for ever").isZero();
        assertThat(poll(0, 0, 1)).as("no ports, no pointer").isZero();

        assertThat(calls.control).containsExactly("poll " + two + " " + one + " until 12345",
                "poll " + one + " until " + VcpuTimer.NEVER, "poll until 1");
    }

    @Test
    void badPollsAreRefused() {
        d.domain.events().bindIpi(0);
        calls.put(INFO, 0, 1);
        assertThat(poll(d.va(INFO), 129, 0)).isEqualTo(-EINVAL);
        assertThat(poll(d.va(INFO), -1, 0)).isEqualTo(-EINVAL);
        assertThat(poll(0, 1, 0)).isEqualTo(-EFAULT);
        for (int port : new int[] {-1, 0, 7, 4096, Integer.MIN_VALUE}) {
            calls.put(INFO, 0, port & 0xffff_ffffL);
            assertThat(poll(d.va(INFO), 1, 0)).isEqualTo(-EINVAL);
        }
        assertThat(calls.control).isEmpty();
    }
}
