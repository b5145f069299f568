package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.CALLBACK_OP;
import static xenolith.abi.HypercallNumber.CONSOLE_IO;
import static xenolith.abi.HypercallNumber.DM_OP;
import static xenolith.abi.HypercallNumber.DOMCTL;
import static xenolith.abi.HypercallNumber.EVENT_CHANNEL_OP;
import static xenolith.abi.HypercallNumber.EVENT_CHANNEL_OP_COMPAT;
import static xenolith.abi.HypercallNumber.GRANT_TABLE_OP;
import static xenolith.abi.HypercallNumber.MEMORY_OP;
import static xenolith.abi.HypercallNumber.MMUEXT_OP;
import static xenolith.abi.HypercallNumber.MMU_UPDATE;
import static xenolith.abi.HypercallNumber.MULTICALL;
import static xenolith.abi.HypercallNumber.PHYSDEV_OP;
import static xenolith.abi.HypercallNumber.PHYSDEV_OP_COMPAT;
import static xenolith.abi.HypercallNumber.PLATFORM_OP;
import static xenolith.abi.HypercallNumber.SCHED_OP;
import static xenolith.abi.HypercallNumber.SET_GDT;
import static xenolith.abi.HypercallNumber.SET_TRAP_TABLE;
import static xenolith.abi.HypercallNumber.SYSCTL;
import static xenolith.abi.HypercallNumber.VCPU_OP;
import static xenolith.abi.HypercallNumber.XEN_VERSION;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import xenolith.abi.XenErrno;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.evtchn.EventChannels;
import xenolith.vmm.monitor.MonitorAbi;

/// Every call that takes a pointer, with every pointer that a guest must not use.
@Timeout(30)
class BadPointersTest {
    private static final long POINTER = Long.MIN_VALUE + 99;
    private static final long LAST_MAPPED = TestDomain.BASE_VA + TestDomain.SPARE * 4096L;

    private final TestCalls calls = new TestCalls();

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    static List<long[]> callsWithPointers() {
        List<long[]> all = new ArrayList<>();
        all.add(new long[] {SET_TRAP_TABLE, POINTER});
        all.add(new long[] {MMU_UPDATE, POINTER, 1, 0, TestCalls.SELF});
        all.add(new long[] {MMU_UPDATE, POINTER, 0x7fff_ffffL, 0, TestCalls.SELF});
        all.add(new long[] {MMUEXT_OP, POINTER, 1, 0, TestCalls.SELF});
        all.add(new long[] {MMUEXT_OP, POINTER, 0xffff_ffffL, 0, TestCalls.SELF});
        all.add(new long[] {SET_GDT, POINTER, 1});
        all.add(new long[] {SET_GDT, POINTER, 7168});
        all.add(new long[] {MULTICALL, POINTER, 1});
        all.add(new long[] {MULTICALL, POINTER, 0xffff_ffffL});
        all.add(new long[] {CONSOLE_IO, 0, 100, POINTER});
        all.add(new long[] {CONSOLE_IO, 0, 0xffff_ffffL, POINTER});
        all.add(new long[] {CALLBACK_OP, 0, POINTER});
        all.add(new long[] {CALLBACK_OP, 1, POINTER});
        all.add(new long[] {PHYSDEV_OP, 6, POINTER});
        for (long cmd : new long[] {5, 8, 9, 10, 12, 13, 14, 15, 16, 19, 20, 21, 23, 25, 26, 27, 30, 31}) {
            all.add(new long[] {PHYSDEV_OP, cmd, POINTER});
        }
        all.add(new long[] {PHYSDEV_OP_COMPAT, POINTER});
        all.add(new long[] {SCHED_OP, 2, POINTER});
        all.add(new long[] {SCHED_OP, 3, POINTER});
        all.add(new long[] {SCHED_OP, 4, POINTER});
        all.add(new long[] {SCHED_OP, 5, POINTER});
        all.add(new long[] {EVENT_CHANNEL_OP_COMPAT, POINTER});
        all.add(new long[] {PLATFORM_OP, POINTER});
        all.add(new long[] {SYSCTL, POINTER});
        all.add(new long[] {DOMCTL, POINTER});
        all.add(new long[] {DM_OP, 0, 1, POINTER});
        for (long cmd : new long[] {3, 4, 5, 7, 9, 11, 12, 13, 14, 15, 16, 17, 21, 23, 24, 26, 27, 28}) {
            all.add(new long[] {MEMORY_OP, cmd, POINTER});
        }
        for (long cmd : new long[] {1, 2, 3, 4, 5, 6, 8, 9}) {
            all.add(new long[] {XEN_VERSION, cmd, POINTER});
        }
        for (long cmd : new long[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}) {
            all.add(new long[] {EVENT_CHANNEL_OP, cmd, POINTER});
        }
        for (long cmd : new long[] {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12}) {
            all.add(new long[] {GRANT_TABLE_OP, cmd, POINTER, 1});
        }
        for (long cmd : new long[] {4, 5, 6, 8, 10, 13}) {
            all.add(new long[] {VCPU_OP, cmd, 0, POINTER});
        }
        return all;
    }

    static Stream<Arguments> badPointers() {
        long[] pointers = {
            0, 8, TestDomain.SPARE * 4096L,
            LAST_MAPPED, LAST_MAPPED - 1,
            0x0000_8000_0000_0000L, 0xffff_7fff_ffff_ffffL, 0x7fff_ffff_ffff_fff0L, Long.MIN_VALUE, -1, -16,
            MonitorAbi.BASE, MonitorAbi.windowVa(0) + 0x3000, MonitorAbi.M2P_VA, 0xffff_8000_0000_0000L,
            0xffff_87ff_ffff_ffffL, MonitorAbi.BASE + (64L << 30),
        };
        return callsWithPointers().stream().flatMap(call -> Arrays.stream(pointers)
                // A null table is a valid one: it clears all traps.
                .filter(p -> !(call[0] == SET_TRAP_TABLE && p == 0))
                .mapToObj(p -> Arguments.of(call, p)));
    }

    @ParameterizedTest
    @MethodSource("badPointers")
    void aPointerThatTheGuestMayNotUseIsEFAULT(long[] template, long pointer) {
        long[] args = new long[template.length - 1];
        for (int i = 0; i < args.length; i++) {
            args[i] = template[i + 1] == POINTER ? pointer : template[i + 1];
        }

        assertThat(calls.call(template[0], args)).isEqualTo(-XenErrno.EFAULT);

        assertThat(calls.control).isEmpty();
        assertThat(calls.d.domain.end()).isNull();
        assertThat(calls.d.output).isEmpty();
        assertThat(openPorts()).isZero();
    }

    /// What is written to a page table or any other read-only page is refused: the hypervisor's writes go through
    /// the guest's own rights.
    @Test
    void answersAreNotWrittenToReadOnlyPages() {
        long table = calls.d.va(3);
        long before = calls.word(3, 0);

        assertThat(calls.call(XEN_VERSION, 3, table)).isEqualTo(-XenErrno.EFAULT);
        assertThat(calls.call(MEMORY_OP, 12, table)).isEqualTo(-XenErrno.EFAULT);
        assertThat(calls.call(VCPU_OP, 4, 0, table)).isEqualTo(-XenErrno.EFAULT);
        assertThat(calls.call(EVENT_CHANNEL_OP, 7, table + 4000)).isEqualTo(-XenErrno.EFAULT);

        assertThat(calls.word(3, 0)).isEqualTo(before);
        assertThat(openPorts()).isZero();
    }

    /// A port whose number the guest cannot be told is not left open.
    @Test
    void aPortThatCannotBeToldIsClosedAgain() {
        calls.put(TestDomain.ENDLESS_PFN, 0, TestCalls.ints(0, 0), 0);
        for (long cmd : new long[] {1, 7}) {
            assertThat(calls.call(EVENT_CHANNEL_OP, cmd, TestDomain.ENDLESS_VA)).isEqualTo(-XenErrno.EFAULT);
        }
        calls.put(TestDomain.ENDLESS_PFN, 0, TestCalls.SELF, 0);
        assertThat(calls.call(EVENT_CHANNEL_OP, 6, TestDomain.ENDLESS_VA)).isEqualTo(-XenErrno.EFAULT);

        assertThat(openPorts()).isZero();
        calls.arg(0, 0);
        assertThat(calls.call(EVENT_CHANNEL_OP, 1, calls.arg())).as("the virq is free again").isZero();
    }

    @Test
    void structuresMayCrossAPageAndLieAtAnyAddress() {
        for (int offset : new int[] {1, 3, 4093, 4094, 4095}) {
            long va = calls.d.va(TestCalls.ARG) + offset;
            for (int i = 0; i < 16; i++) {
                calls.d.memory.writeByte(calls.d.ma(TestCalls.ARG) + offset + i, (byte) 0);
            }
            assertThat(calls.call(XEN_VERSION, 6, va)).as("offset %d", offset).isZero();
            assertThat(calls.call(XEN_VERSION, 8, va)).isZero();
            assertThat(calls.call(VCPU_OP, 4, 0, va)).isZero();
        }
    }

    private long openPorts() {
        EventChannels events = calls.d.domain.events();
        long open = 0;
        for (int port = 0; port < EventChannels.PORTS; port++) {
            open += events.isOpen(port) ? 1 : 0;
        }
        return open;
    }
}
