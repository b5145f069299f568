package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.CONSOLE_IO;
import static xenolith.abi.HypercallNumber.IRET;
import static xenolith.abi.HypercallNumber.MMU_UPDATE;
import static xenolith.abi.HypercallNumber.MULTICALL;
import static xenolith.abi.HypercallNumber.SCHED_OP;
import static xenolith.abi.HypercallNumber.STACK_SWITCH;
import static xenolith.abi.HypercallNumber.UPDATE_VA_MAPPING;
import static xenolith.abi.HypercallNumber.XEN_VERSION;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOSYS;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.vmm.domain.TestDomain;

@Timeout(30)
class MulticallTest {
    private static final int ENTRY = 64;
    private static final int DATA = TestCalls.ARG + 4;
    private static final int ELEMENTS = TestCalls.ARG + 20;
    private static final long SENTINEL = 0x5e5e_5e5e;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    private void entry(int index, long op, long... args) {
        calls.put(TestCalls.ARG, index * ENTRY, op, SENTINEL);
        calls.put(TestCalls.ARG, index * ENTRY + 16, Arrays.copyOf(args, 6));
    }

    private long result(int index) {
        return calls.word(TestCalls.ARG, index * ENTRY + 8);
    }

    private long multicall(long count) {
        return calls.call(MULTICALL, calls.arg(), count);
    }

    @Test
    void eachCallHasItsOwnResultAndAFailureStopsNothing() {
        entry(0, XEN_VERSION, 0, 0);
        entry(1, UPDATE_VA_MAPPING, 0, 0, 0);
        entry(2, 63, 0);
        entry(3, STACK_SWITCH, 0xe02b, d.va(DATA));
        entry(4, XEN_VERSION, 0, 0);

        assertThat(multicall(4)).isZero();

        assertThat(result(0)).isEqualTo(0x40011);
        assertThat(result(1)).isEqualTo(-EINVAL);
        assertThat(result(2)).isEqualTo(-ENOSYS);
        assertThat(result(3)).isZero();
        assertThat(calls.vcpu.kernelSp()).isEqualTo(d.va(DATA));
        assertThat(result(4)).as("the fifth was not asked for").isEqualTo(SENTINEL);
    }

    @Test
    void neitherAMulticallNorAnIretIsPossibleInside() {
        entry(0, MULTICALL, calls.arg(), 1);
        entry(1, IRET);
        entry(2, -1);
        entry(3, Long.MIN_VALUE);

        assertThat(multicall(4)).isZero();

        assertThat(result(0)).isEqualTo(-EINVAL);
        assertThat(result(1)).isEqualTo(-EINVAL);
        assertThat(result(2)).isEqualTo(-ENOSYS);
        assertThat(result(3)).isEqualTo(-ENOSYS);
    }

    @Test
    void noCallsAreNoCalls() {
        assertThat(calls.call(MULTICALL, 1, 0)).isZero();
    }

    @Test
    void anArrayThatEndsWithTheMappingIsDoneUpToThere() {
        long va = d.va(TestDomain.SPARE - 1) + 4096 - 2 * ENTRY;
        calls.put(TestDomain.SPARE - 1, 4096 - 2 * ENTRY, STACK_SWITCH, SENTINEL, 0, 16);
        calls.put(TestDomain.SPARE - 1, 4096 - ENTRY, STACK_SWITCH, SENTINEL, 0, 32);

        assertThat(calls.call(MULTICALL, va, 0xffff_ffffL)).isEqualTo(-EFAULT);

        assertThat(calls.vcpu.kernelSp()).isEqualTo(32);
        assertThat(calls.word(TestDomain.SPARE - 1, 4096 - ENTRY + 8)).isZero();
    }

    @Test
    void anArrayAtAnOddAddressWorksAsAnyOther() {
        d.page(TestCalls.ARG).fill((byte) 0);
        long va = calls.arg() + 3;
        d.memory.writeByte(d.ma(TestCalls.ARG) + 3, (byte) XEN_VERSION);

        assertThat(calls.call(MULTICALL, va, 1)).isZero();

        assertThat(calls.word(TestCalls.ARG, 8) >>> 24 | calls.word(TestCalls.ARG, 16) << 40).isEqualTo(0x40011);
    }

    @Test
    void resultsOnAReadOnlyPageAreEFAULT() {
        calls.put(TestDomain.ENDLESS_PFN, 0, XEN_VERSION, SENTINEL, 0, 0);

        assertThat(calls.call(MULTICALL, TestDomain.ENDLESS_VA, 1)).isEqualTo(-EFAULT);
        assertThat(calls.word(TestDomain.ENDLESS_PFN, 8)).isEqualTo(SENTINEL);
    }

    @Test
    void aLongBatchInsideGoesOnWhereACommitInterruptedIt() {
        int elements = 10_000;
        for (int pfn = ELEMENTS, i = 0; i < elements; pfn++) {
            for (int offset = 0; offset < 4096 && i < elements; offset += 16, i++) {
                int target = 100 + i % 100;
                calls.put(pfn, offset, d.l1EntryMa(target), i / 100 % 2 != 0 ? d.ma(target) | 0x27 : 0);
            }
        }
        entry(0, STACK_SWITCH, 0, 16);
        entry(1, MMU_UPDATE, d.va(ELEMENTS), elements, d.va(DATA), TestCalls.SELF);
        entry(2, MMU_UPDATE, d.va(ELEMENTS), 100, d.va(DATA + 1), TestCalls.SELF);
        entry(3, STACK_SWITCH, 0, 32);

        assertThat(multicall(4)).isZero();

        assertThat(calls.again).isPositive();
        assertThat(calls.intAt(DATA, 0)).isEqualTo(elements);
        assertThat(calls.intAt(DATA + 1, 0)).as("the next begins at its first element").isEqualTo(100);
        assertThat(calls.vcpu.kernelSp()).isEqualTo(32);
        for (int i = 0; i < 4; i++) {
            assertThat(result(i)).isZero();
        }
        assertThat(d.domain.counters().hypercalls(STACK_SWITCH)).as("none is done twice").isEqualTo(2);
    }

    @Test
    void aCallThatNeedsTheVcpusThreadHandsTheRestOver() {
        entry(0, STACK_SWITCH, 0, 16);
        entry(1, SCHED_OP, 0);
        entry(2, XEN_VERSION, 0);
        calls.served(true);
        calls.context.begin();
        assertThat(calls.dispatch(MULTICALL, calls.arg(), 3)).isEqualTo(CallContext.RING);
        assertThat(result(0)).as("done by the poller").isZero();
        assertThat(result(1)).isEqualTo(SENTINEL);
        assertThat(calls.control).isEmpty();

        calls.served(false);
        assertThat(calls.dispatch(MULTICALL, calls.arg(), 3)).isZero();

        assertThat(calls.control).containsExactly("yield");
        assertThat(result(2)).isEqualTo(0x40011);
        assertThat(d.domain.counters().hypercalls(STACK_SWITCH)).as("not done again").isOne();
    }

    /// The guest answers for what it changes meanwhile, but only itself is hurt.
    @Test
    void anEntryThatChangesBetweenItsPiecesDoesNoHarm() {
        for (int offset = 0; offset < 4096; offset += 16) {
            calls.put(TestDomain.ENDLESS_PFN, offset, d.ma(DATA), 1);
        }
        entry(0, MMU_UPDATE, TestDomain.ENDLESS_VA, 0x7fff_ffffL, 0, TestCalls.SELF);
        calls.context.begin();
        assertThat(calls.dispatch(MULTICALL, calls.arg(), 1)).isEqualTo(CallContext.AGAIN);
        entry(0, XEN_VERSION, 0, 0);

        assertThat(calls.dispatch(MULTICALL, calls.arg(), 1)).isZero();
        assertThat(result(0)).isEqualTo(0x40011);
    }

    @Test
    void endlessMulticallsAreDoneInPieces() {
        d.page(TestDomain.ENDLESS_PFN).fill((byte) 0);
        for (int index = 0; index < 64; index++) {
            calls.put(TestDomain.ENDLESS_PFN, index * ENTRY, XEN_VERSION);
        }
        // The tables let the guest write to it: 512 GiB of it.
        for (int slot = 0; slot < 512; slot++) {
            calls.put(TestCalls.ARG, 0, d.ma(6) + slot * 8L, d.ma(TestDomain.ENDLESS_PFN) | 0x27);
            assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestCalls.SELF)).isZero();
        }
        calls.context.begin();

        assertThat(calls.dispatch(MULTICALL, TestDomain.ENDLESS_VA, 0xffff_ffffL)).isEqualTo(CallContext.AGAIN);
        long progress = calls.context.outerProgress();
        assertThat(progress).isPositive();
        assertThat(calls.dispatch(MULTICALL, TestDomain.ENDLESS_VA, 0xffff_ffffL)).isEqualTo(CallContext.AGAIN);
        assertThat(calls.context.outerProgress()).isGreaterThan(progress);
    }

    /// A batch of one kind of call, which ends at the second piece.
    private long firstPiece(long... call) {
        for (int index = 0; index < 64; index++) {
            calls.put(TestDomain.ENDLESS_PFN, index * ENTRY, call);
        }
        calls.context.begin();
        assertThat(calls.dispatch(MULTICALL, TestDomain.ENDLESS_VA, 0xffff_ffffL)).isEqualTo(CallContext.AGAIN);
        return calls.context.outerProgress();
    }

    @Test
    void rareCallsMakeShorterPieces() {
        for (int slot = 0; slot < 512; slot++) {
            calls.put(TestCalls.ARG, 0, d.ma(6) + slot * 8L, d.ma(TestDomain.ENDLESS_PFN) | 0x27);
            assertThat(calls.call(MMU_UPDATE, calls.arg(), 1, 0, TestCalls.SELF)).isZero();
        }
        d.page(TestDomain.ENDLESS_PFN).fill((byte) 0);
        assertThat(firstPiece(STACK_SWITCH, 0, 0xe02b, TestDomain.BASE_VA)).isEqualTo(2048);
        assertThat(firstPiece(XEN_VERSION, 0)).isEqualTo(2048 / 16);
    }

    @Test
    void longConsoleOutputIsWrittenWhole() {
        int bytes = 150_000;
        for (int pfn = ELEMENTS; pfn < ELEMENTS + bytes / 4096 + 1; pfn++) {
            d.page(pfn).fill((byte) ('a' + pfn % 26));
        }

        assertThat(calls.call(CONSOLE_IO, 0, bytes, d.va(ELEMENTS))).isZero();

        assertThat(d.output).hasSize(bytes);
        assertThat(d.output.charAt(bytes - 1)).isEqualTo((char) ('a' + (ELEMENTS + bytes / 4096) % 26));
        assertThat(calls.call(CONSOLE_IO, 0, 0, 0)).isZero();
        assertThat(calls.call(CONSOLE_IO, 1, 100, calls.arg())).as("there is nothing to read").isZero();
        assertThat(calls.call(CONSOLE_IO, 2, 0, 0)).isEqualTo(-ENOSYS);
    }

    @Test
    void endlessConsoleOutputIsWrittenInPieces() {
        calls.context.begin();

        assertThat(calls.dispatch(CONSOLE_IO, 0, 0xffff_ffffL, TestDomain.ENDLESS_VA)).isEqualTo(CallContext.AGAIN);
        assertThat(d.output.length()).isBetween(1024, 1 << 20);
    }
}
