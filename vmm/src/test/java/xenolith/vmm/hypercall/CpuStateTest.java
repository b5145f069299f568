package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.CALLBACK_OP;
import static xenolith.abi.HypercallNumber.FPU_TASKSWITCH;
import static xenolith.abi.HypercallNumber.GET_DEBUGREG;
import static xenolith.abi.HypercallNumber.PHYSDEV_OP;
import static xenolith.abi.HypercallNumber.SET_CALLBACKS;
import static xenolith.abi.HypercallNumber.SET_DEBUGREG;
import static xenolith.abi.HypercallNumber.SET_SEGMENT_BASE;
import static xenolith.abi.HypercallNumber.SET_TRAP_TABLE;
import static xenolith.abi.HypercallNumber.STACK_SWITCH;
import static xenolith.abi.HypercallNumber.VM_ASSIST;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENODEV;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EPERM;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenCallback;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.domain.TrapTable;
import xenolith.vmm.monitor.MonitorAbi;

class CpuStateTest {
    private static final long HANDLER = TestDomain.BASE_VA + 0x1230;
    private static final long NOT_CANONICAL = 0x0001_0000_0000_0000L;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;
    private final TrapTable traps = calls.vcpu.traps();

    private void trap(int index, int vector, int flags, long address) {
        calls.put(TestCalls.ARG, index * 16, vector | flags << 8 | 0xe033L << 16, address);
    }

    private long superWord(String field) {
        return d.kernelView().superWord(0, field);
    }

    // ---- set_trap_table

    @Test
    void aTrapTableIsReadUpToItsEmptyEntry() {
        trap(0, 3, 3, HANDLER);
        trap(1, 14, 4, HANDLER + 14);
        trap(2, 0, 0, 0);
        trap(3, 6, 0, HANDLER + 6);

        assertThat(calls.call(SET_TRAP_TABLE, calls.arg())).isZero();

        assertThat(traps.handler(3)).isEqualTo(HANDLER);
        assertThat(traps.dpl(3)).isEqualTo(3);
        assertThat(traps.masksEvents(3)).isFalse();
        assertThat(traps.masksEvents(14)).isTrue();
        assertThat(traps.handler(6)).isZero();
        assertThat(superWord("S_FAULT_ENTRY")).as("the stub jumps by itself").isEqualTo(HANDLER + 14);
        assertThat(superWord("S_FAULT_MASKS")).isOne();
    }

    @Test
    void aNullTableClearsAll() {
        aTrapTableIsReadUpToItsEmptyEntry();

        assertThat(calls.call(SET_TRAP_TABLE, 0)).isZero();

        assertThat(traps.handler(3)).isZero();
        assertThat(superWord("S_FAULT_ENTRY")).isZero();
    }

    @Test
    void handlersAreCanonicalAndTheStubsKnowWhatTheTableSays() {
        trap(0, 14, 4, HANDLER);
        trap(1, 3, 0, NOT_CANONICAL);

        assertThat(calls.call(SET_TRAP_TABLE, calls.arg())).isEqualTo(-EINVAL);

        assertThat(traps.handler(3)).isZero();
        assertThat(superWord("S_FAULT_ENTRY")).isEqualTo(traps.handler(14));
        assertThat(superWord("S_FAULT_MASKS")).isEqualTo(traps.masksEvents(14) ? 1 : 0);
    }

    @Test
    void aTableThatEndsInTheVoidLeavesStubsAndTableAgreed() {
        long va = d.va(TestDomain.SPARE - 1) + 4080;
        calls.put(TestDomain.SPARE - 1, 4080, 14 | 4 << 8, HANDLER);

        assertThat(calls.call(SET_TRAP_TABLE, va)).isEqualTo(-EFAULT);

        assertThat(superWord("S_FAULT_ENTRY")).isEqualTo(traps.handler(14));
    }

    @Test
    void aTableWithoutEndIsReadForAsManyEntriesAsThereAreVectors() {
        for (int offset = 0; offset < 4096; offset += 16) {
            calls.put(TestDomain.ENDLESS_PFN, offset, offset / 16, HANDLER + offset);
        }

        assertThat(calls.call(SET_TRAP_TABLE, TestDomain.ENDLESS_VA)).isZero();

        assertThat(traps.handler(255)).isEqualTo(HANDLER + 4080);
    }

    // ---- callbacks

    private long register(int type, int flags, long address) {
        calls.arg(TestCalls.ints(type | flags << 16, 0), address);
        return calls.call(CALLBACK_OP, 0, calls.arg());
    }

    @Test
    void callbacksAreRegisteredAndTheStubsToldOfTheirs() {
        assertThat(register(XenCallback.CALLBACKTYPE_EVENT, 1, HANDLER)).isZero();
        assertThat(register(XenCallback.CALLBACKTYPE_SYSCALL, 1, HANDLER + 8)).isZero();
        assertThat(register(XenCallback.CALLBACKTYPE_FAILSAFE, 0, HANDLER + 16)).isZero();

        assertThat(superWord("S_EVENT_ENTRY")).isEqualTo(HANDLER);
        assertThat(superWord("S_SYSCALL_ENTRY")).isEqualTo(HANDLER + 8);
        assertThat(superWord("S_SYSCALL_MASKS")).isOne();
        assertThat(traps.callback(XenCallback.CALLBACKTYPE_SYSCALL)).isEqualTo(HANDLER + 8);
        assertThat(traps.callbackMasksEvents(XenCallback.CALLBACKTYPE_SYSCALL)).isTrue();
        assertThat(traps.callback(XenCallback.CALLBACKTYPE_FAILSAFE)).isEqualTo(HANDLER + 16);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 6, 8, 255, 65535})
    void otherTypesOfCallbackAreENOSYS(int type) {
        assertThat(register(type, 0, HANDLER)).isEqualTo(-ENOSYS);
    }

    @Test
    void callbacksAreCanonical() {
        assertThat(register(XenCallback.CALLBACKTYPE_EVENT, 0, NOT_CANONICAL)).isEqualTo(-EINVAL);
        assertThat(superWord("S_EVENT_ENTRY")).isZero();
        assertThat(calls.call(SET_CALLBACKS, NOT_CANONICAL, HANDLER, HANDLER)).isEqualTo(-EINVAL);
        assertThat(superWord("S_SYSCALL_ENTRY")).isZero();
    }

    @Test
    void onlyTheNmiCallbackCanBeTakenBack() {
        assertThat(register(XenCallback.CALLBACKTYPE_NMI, 0, HANDLER)).isZero();
        calls.arg(XenCallback.CALLBACKTYPE_NMI);
        assertThat(calls.call(CALLBACK_OP, 1, calls.arg())).isZero();
        assertThat(traps.callback(XenCallback.CALLBACKTYPE_NMI)).isZero();
        calls.arg(XenCallback.CALLBACKTYPE_EVENT);
        assertThat(calls.call(CALLBACK_OP, 1, calls.arg())).isEqualTo(-EINVAL);
        calls.arg(77);
        assertThat(calls.call(CALLBACK_OP, 1, calls.arg())).isEqualTo(-ENOSYS);
        assertThat(calls.call(CALLBACK_OP, 2, calls.arg())).isEqualTo(-ENOSYS);
    }

    @Test
    void theOlderCallSetsThreeCallbacksAtOnce() {
        assertThat(calls.call(SET_CALLBACKS, HANDLER, HANDLER + 8, HANDLER + 16)).isZero();

        assertThat(superWord("S_EVENT_ENTRY")).isEqualTo(HANDLER);
        assertThat(traps.callback(XenCallback.CALLBACKTYPE_FAILSAFE)).isEqualTo(HANDLER + 8);
        assertThat(superWord("S_SYSCALL_ENTRY")).isEqualTo(HANDLER + 16);
    }

    // ---- stack, segment bases, TS

    @Test
    void theKernelsStackIsWhereTheStubsFindIt() {
        assertThat(calls.call(STACK_SWITCH, 0xe02b, HANDLER + 13)).isZero();

        assertThat(calls.vcpu.kernelSp()).isEqualTo(HANDLER + 13);
        long mailbox = MonitorAbi.windowVa(0) + 0x3000;
        assertThat(d.kernelView().word(mailbox + 0x130)).isEqualTo(HANDLER + 13);
    }

    @Test
    void segmentBasesGoWhereTheyAreUsed() {
        assertThat(calls.call(SET_SEGMENT_BASE, 0, HANDLER)).isZero();
        assertThat(calls.vcpu.window().fsBase()).isEqualTo(HANDLER);
        assertThat(calls.context.actions()).isEqualTo(MonitorAbi.ACT_FS_BASE);
        assertThat(calls.call(SET_SEGMENT_BASE, 1, HANDLER + 1)).isZero();
        assertThat(calls.vcpu.window().userGs()).isEqualTo(HANDLER + 1);
        assertThat(calls.call(SET_SEGMENT_BASE, 2, HANDLER + 2)).isZero();
        assertThat(calls.control).containsExactly("gs " + Long.toHexString(HANDLER + 2));
        assertThat(calls.call(SET_SEGMENT_BASE, 3, NOT_CANONICAL)).as("a selector").isZero();
        assertThat(calls.vcpu.window().userGs()).isZero();
    }

    @Test
    void badSegmentBasesAreEINVALAndChangeNothing() {
        for (long which : new long[] {0, 1, 2}) {
            assertThat(calls.call(SET_SEGMENT_BASE, which, NOT_CANONICAL)).isEqualTo(-EINVAL);
        }
        for (long which : new long[] {4, -1, Long.MAX_VALUE}) {
            assertThat(calls.call(SET_SEGMENT_BASE, which, 0)).isEqualTo(-EINVAL);
        }
        assertThat(calls.control).isEmpty();
        assertThat(calls.context.actions()).isZero();
    }

    @Test
    void whatNeedsRegistersIsLeftToTheVcpusThread() {
        calls.served(true);
        assertThat(calls.call(SET_SEGMENT_BASE, 2, HANDLER)).isEqualTo(CallContext.RING);
        assertThat(calls.call(FPU_TASKSWITCH, 1)).isEqualTo(CallContext.RING);
        assertThat(calls.call(FPU_TASKSWITCH, 0)).as("it is clear already").isZero();
        assertThat(calls.vcpu.taskSwitched()).isFalse();
        assertThat(calls.control).isEmpty();
        calls.served(false);

        assertThat(calls.call(FPU_TASKSWITCH, 7)).isZero();
        assertThat(calls.call(FPU_TASKSWITCH, 1)).isZero();
        assertThat(calls.vcpu.taskSwitched()).isTrue();
        assertThat(calls.control).containsExactly("ts true");
    }

    // ---- debug registers

    @Test
    void debugAddressesAreKeptAndMustBeCanonical() {
        for (int register = 0; register < 4; register++) {
            assertThat(calls.call(SET_DEBUGREG, register, HANDLER + register)).isZero();
            assertThat(calls.call(GET_DEBUGREG, register)).isEqualTo(HANDLER + register);
            assertThat(calls.call(SET_DEBUGREG, register, NOT_CANONICAL)).isEqualTo(-EPERM);
            assertThat(calls.call(GET_DEBUGREG, register)).isEqualTo(HANDLER + register);
        }
    }

    @Test
    void debugStatusAndControlKeepTheirFixedBits() {
        assertThat(calls.call(SET_DEBUGREG, 6, -1)).isZero();
        assertThat(calls.call(GET_DEBUGREG, 6)).isEqualTo(0xffff_efffL);
        assertThat(calls.call(SET_DEBUGREG, 4, 0)).isZero();
        assertThat(calls.call(GET_DEBUGREG, 4)).isEqualTo(0xffff_0ff0L);
        assertThat(calls.call(SET_DEBUGREG, 7, 0)).isZero();
        assertThat(calls.call(GET_DEBUGREG, 5)).isEqualTo(0x400);
        for (long register : new long[] {8, -1, 99}) {
            assertThat(calls.call(SET_DEBUGREG, register, 0)).isEqualTo(-ENODEV);
            assertThat(calls.call(GET_DEBUGREG, register)).isEqualTo(-ENODEV);
        }
    }

    @Test
    void withDebuggingExtensionsDr4AndDr5DoNotExist() {
        calls.vcpu.cr4(calls.vcpu.cr4() | 8);
        for (long register : new long[] {4, 5}) {
            assertThat(calls.call(SET_DEBUGREG, register, 0)).isEqualTo(-ENODEV);
            assertThat(calls.call(GET_DEBUGREG, register)).isEqualTo(-ENODEV);
        }
        assertThat(calls.call(SET_DEBUGREG, 6, 0)).isZero();
    }

    @Test
    void noBreakpointIsSetOnTheHypervisorNorOnAPortAndGeneralDetectIsRefused() {
        assertThat(calls.call(SET_DEBUGREG, 0, MonitorAbi.windowVa(0))).isEqualTo(-EPERM);
        assertThat(calls.call(SET_DEBUGREG, 7, 0x2000)).isEqualTo(-EPERM);
        for (int n = 0; n < 4; n++) {
            long onPort = 2L << 16 + 4 * n;
            assertThat(calls.call(SET_DEBUGREG, 7, onPort | 1L << 2 * n)).isEqualTo(-EPERM);
            assertThat(calls.call(SET_DEBUGREG, 7, onPort)).as("not enabled").isZero();
            assertThat(calls.call(SET_DEBUGREG, 7, 1L << 2 * n)).as("on execution").isZero();
        }
    }

    @Test
    void theVcpusThreadLoadsBreakpointsWhereTheyWork() {
        calls.served(true);
        assertThat(calls.call(SET_DEBUGREG, 7, 1)).isZero();
        assertThat(calls.vcpu.debug().takeStale()).as("nothing to load them into").isFalse();

        calls.vcpu.debug().loadIntoHardware();
        assertThat(calls.call(SET_DEBUGREG, 0, HANDLER)).isEqualTo(CallContext.RING);
        assertThat(calls.call(SET_DEBUGREG, 7, 0)).isEqualTo(CallContext.RING);
        calls.served(false);
        assertThat(calls.call(SET_DEBUGREG, 7, 0)).isZero();
        assertThat(calls.vcpu.debug().takeStale()).isTrue();
        assertThat(calls.vcpu.debug().takeStale()).isFalse();
        calls.served(true);
        assertThat(calls.call(SET_DEBUGREG, 0, HANDLER)).as("none is enabled").isZero();
    }

    @Test
    void whileABreakpointIsSetThatWorksEachIretIsOurs() {
        assertThat(calls.call(SET_DEBUGREG, 7, 1)).isZero();
        assertThat(superWord("S_SLOW_IRET")).as("it does not work here").isZero();
        calls.vcpu.debug().loadIntoHardware();
        assertThat(calls.call(SET_DEBUGREG, 7, 1)).isZero();
        assertThat(superWord("S_SLOW_IRET")).as("for RF, which the stub forgets").isOne();
        assertThat(calls.call(SET_DEBUGREG, 7, 0)).isZero();
        assertThat(superWord("S_SLOW_IRET")).isZero();
    }

    // ---- vm_assist, physdev_op

    @Test
    void writablePageTablesAreTheAssistanceThatLinuxWants() {
        assertThat(calls.call(VM_ASSIST, 0, 2)).isZero();
        assertThat(calls.call(VM_ASSIST, 1, 2)).isZero();
        for (long type : new long[] {6, 31, 33, 63, 64, 99, -1, 1L << 32}) {
            assertThat(calls.call(VM_ASSIST, 0, type)).isEqualTo(-EINVAL);
        }
        assertThat(calls.call(VM_ASSIST, 2, 2)).isEqualTo(-ENOSYS);
        assertThat(d.domain.assists().writablePageTables()).isFalse();
        for (long type : new long[] {0, 1, 3, 5, 32}) {
            assertThat(calls.call(VM_ASSIST, 0, type)).isZero();
        }
        assertThat(d.domain.assists().runstateUpdateFlag()).isTrue();
    }

    @Test
    void theStubsShowTheIoPrivilegeLevelToWhoAskedForIt() {
        calls.vcpu.iopl(3);
        assertThat(superWord("S_FRAME_FLAGS")).isEqualTo(0x202);
        assertThat(calls.call(VM_ASSIST, 0, 4)).isZero();
        assertThat(superWord("S_FRAME_FLAGS")).isEqualTo(0x3202);
        assertThat(superWord("S_SLOW_IRET")).as("an iret may lower it").isOne();
        calls.vcpu.iopl(0);
        assertThat(superWord("S_FRAME_FLAGS")).isEqualTo(0x202);
        assertThat(superWord("S_SLOW_IRET")).isZero();
        assertThat(superWord("S_SKIP_CLI")).as("ring 0 may").isOne();
    }

    @Test
    void theIoBitmapIsTheGuestsAndOfAtMost64KiBits() {
        calls.arg(HANDLER, 65536);
        assertThat(calls.call(PHYSDEV_OP, 7, calls.arg())).isZero();
        assertThat(calls.vcpu.ioBitmapVa()).isEqualTo(HANDLER);
        assertThat(calls.vcpu.ioBitmapPorts()).isEqualTo(65536);
        calls.arg(HANDLER, 65537);
        assertThat(calls.call(PHYSDEV_OP, 7, calls.arg())).isEqualTo(-EINVAL);
        calls.arg(MonitorAbi.windowVa(0), 8);
        assertThat(calls.call(PHYSDEV_OP, 7, calls.arg())).isEqualTo(-EINVAL);
        assertThat(calls.call(PHYSDEV_OP, 7, 0)).isEqualTo(-EFAULT);
        calls.arg(0, 0);
        assertThat(calls.call(PHYSDEV_OP, 7, calls.arg())).isZero();
        assertThat(calls.vcpu.ioBitmapVa()).isZero();
    }

    @Test
    void theNmiCallbackIsTheGateOfException2() {
        assertThat(register(XenCallback.CALLBACKTYPE_NMI, 1, HANDLER)).isZero();
        assertThat(traps.handler(2)).isEqualTo(HANDLER);
        calls.arg(XenCallback.CALLBACKTYPE_NMI);
        assertThat(calls.call(CALLBACK_OP, 1, calls.arg())).isZero();
        assertThat(traps.handler(2)).isZero();
    }

    @Test
    void theIoPrivilegeLevelIsOneOfFour() {
        calls.arg(1);
        assertThat(calls.call(PHYSDEV_OP, 6, calls.arg())).isZero();
        assertThat(calls.vcpu.iopl()).isOne();
        for (int iopl : new int[] {4, -1, Integer.MIN_VALUE}) {
            calls.arg(iopl & 0xffff_ffffL);
            assertThat(calls.call(PHYSDEV_OP, 6, calls.arg())).isEqualTo(-EINVAL);
        }
        assertThat(calls.vcpu.iopl()).isOne();
        assertThat(calls.call(PHYSDEV_OP, 28, calls.arg())).isEqualTo(-ENOSYS);
    }
}
