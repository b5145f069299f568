package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.MEMORY_OP;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenErrno;
import xenolith.abi.XenMemory;
import xenolith.vmm.domain.TestDomain;

/// What a domain may ask about its memory, and what is for other domains.
class MemoryQuestionsTest {
    private static final int LIST = TestCalls.ARG + 1;
    private static final int OUT = TestCalls.ARG + 2;

    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    @AfterEach
    void countsAgreeWithTheTables() {
        calls.assertSound();
    }

    @ParameterizedTest
    @ValueSource(ints = {XenMemory.XENMEM_CURRENT_RESERVATION, XenMemory.XENMEM_MAXIMUM_RESERVATION,
        XenMemory.XENMEM_MAXIMUM_GPFN})
    void aDomainAsksForItselfOnly(int op) {
        calls.arg(TestDomain.DOMID);
        assertThat(calls.call(MEMORY_OP, op, calls.arg())).isNotNegative();
        calls.arg(0);
        assertThat(calls.call(MEMORY_OP, op, calls.arg())).isEqualTo(-XenErrno.EPERM);
        for (int domid : new int[] {TestDomain.DOMID + 1, 0x7ff1, 0x7ff2, 0x7fff, 0xffff}) {
            calls.arg(domid);
            assertThat(calls.call(MEMORY_OP, op, calls.arg())).isEqualTo(-XenErrno.ESRCH);
        }
        calls.arg(TestCalls.SELF);
        assertThat(calls.call(MEMORY_OP, op | 1 << 6, calls.arg())).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void theMaximumStaysWhenTheBalloonGrows() {
        calls.put(LIST, 0, d.mfn(210), d.mfn(211));
        calls.arg(d.va(LIST), 2, 0, TestCalls.SELF);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_DECREASE_RESERVATION, calls.arg())).isEqualTo(2);
        calls.arg(TestCalls.SELF);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_MAXIMUM_RESERVATION, calls.arg()))
                .isEqualTo(TestDomain.FRAMES);
        calls.arg(1, d.va(OUT));
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_MEMORY_MAP, calls.arg())).isZero();
        assertThat(calls.word(OUT, 8)).isEqualTo(TestDomain.FRAMES * 4096L);
        assertThat(calls.intAt(OUT, 16)).isEqualTo(1);
    }

    @Test
    void theListOfTheArrayHasAHoleBeforeTheFirstFrame() {
        calls.arg(10, d.va(OUT), 0);

        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_MACHPHYS_MFN_LIST, calls.arg())).isZero();

        assertThat(calls.intAt(TestCalls.ARG, 16)).isEqualTo(5);
        assertThat(calls.word(OUT, 24)).isZero();
        long m2pMfn = calls.word(OUT, 32);
        assertThat(d.memory.contains(m2pMfn)).isTrue();
        assertThat(d.domain.owns(m2pMfn)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"7, 0x7ff0, 13", "7, 9, 3", "7, 0, 13", "23, 0x7ff0, 13", "23, 0, 13", "23, 9, 3",
        "23, 0x37ff0, 95", "15, 0x7ff0, 13", "15, 9, 3", "15, 0, 13", "10, 0x7ff0, 1", "26, 0x7ff0, 95", "26, 9, 3",
        "26, 0, 1", "26, 0x17ff0, 22", "28, 5, 1", "28, 0, 1", "28, 9, 3", "28, 0x7ff0, 3", "25, 0x7ff0, 95",
        "20, 0x7ff0, 38", "22, 0x7ff0, 38", "63, 0x7ff0, 38", "8, 0x7ff0, 38", "21, 0x50000, 1", "21, 0, 1",
        "21, 0x90000, 3", "16, 0, 22", "17, 0, 22"})
    void whatIsNotForAnUnprivilegedParavirtualDomainIsRefusedAsXenDoes(int op, int domid, int errno) {
        calls.arg(domid, 0, 0, 0, 0, 0, 0, 0);

        assertThat(calls.call(MEMORY_OP, op, calls.arg())).isEqualTo(-errno);
        assertThat(calls.call(MEMORY_OP, op, 0)).isEqualTo(op == 10 ? -1 : op == 25 ? -95
                : errno == 38 ? -38 : -XenErrno.EFAULT);
    }

    @Test
    void memoryOnDemandIsForOtherDomains() {
        calls.arg(0, 0, 0, 0, 9);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_GET_POD_TARGET, calls.arg())).isEqualTo(-XenErrno.ESRCH);
        calls.arg(0, 0, 0, 0, TestCalls.SELF);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_SET_POD_TARGET, calls.arg())).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void resourcesAreNamedWithinTheirBounds() {
        calls.arg(5, 1, 0, 0);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_ACQUIRE_RESOURCE, calls.arg())).isEqualTo(-XenErrno.EPERM);
        for (long[] bad : new long[][] {{5, 1L << 32, 0, 0}, {5, 0, 1L << 32, 0}, {5, 0xffff_ffffL, 1, 0}}) {
            calls.arg(bad);
            assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_ACQUIRE_RESOURCE, calls.arg()))
                    .isEqualTo(-XenErrno.EINVAL);
        }
    }

    @Test
    void noDeviceHasReservedMemoryAndNoPageIsShared() {
        calls.arg(TestCalls.ints(1, 5), d.va(OUT), 0);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_RESERVED_DEVICE_MEMORY_MAP, calls.arg())).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 4)).as("as many as there are").isZero();
        calls.arg(2, d.va(OUT), 0);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_RESERVED_DEVICE_MEMORY_MAP, calls.arg()))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_GET_SHARING_FREED_PAGES, 0)).isZero();
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_GET_SHARING_SHARED_PAGES, 0)).isZero();
    }

    @Test
    void whereToBeginIsForCallsWithExtents() {
        for (int op : new int[] {2, 3, 4, 14, 11, 15, 24, 26, 27}) {
            assertThat(calls.call(MEMORY_OP, op | 1L << 6, calls.arg())).as("op %d", op).isEqualTo(-XenErrno.EINVAL);
        }
        for (int op : new int[] {5, 9, 12, 13, 25}) {
            assertThat(calls.call(MEMORY_OP, op | 1L << 6, calls.arg())).as("op %d", op).isEqualTo(-XenErrno.ENOSYS);
        }
        for (int op : new int[] {7, 23}) {
            assertThat(calls.call(MEMORY_OP, op | 1L << 22, calls.arg())).isEqualTo(-XenErrno.EDOM);
        }
    }

    @Test
    void aDomainMayTellItselfAnotherMapOfMemory() {
        calls.put(OUT, 0, 1, 0x1000, TestCalls.ints(2, 7), 8, TestCalls.ints(9, 1));
        calls.arg(TestCalls.SELF, 2, d.va(OUT));
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_SET_MEMORY_MAP, calls.arg())).isZero();
        calls.arg(9, 2, d.va(OUT));
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_SET_MEMORY_MAP, calls.arg())).isEqualTo(-XenErrno.ESRCH);
        calls.arg(TestCalls.SELF, 1025, d.va(OUT));
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_SET_MEMORY_MAP, calls.arg())).isEqualTo(-XenErrno.EINVAL);
        calls.arg(TestCalls.SELF, 2, 0);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_SET_MEMORY_MAP, calls.arg())).isEqualTo(-XenErrno.EFAULT);

        calls.arg(100, d.va(OUT) + 2048);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_MEMORY_MAP, calls.arg())).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 0)).as("the first stands").isEqualTo(2);
        for (int offset = 0; offset < 40; offset += 8) {
            assertThat(calls.word(OUT, 2048 + offset)).isEqualTo(calls.word(OUT, offset));
        }
        assertThat(calls.word(OUT, 2048 + 40)).isZero();
    }

    @Test
    void claimingPagesIsForTheControlDomain() {
        calls.arg(0, 1, 0, TestDomain.DOMID);
        assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_CLAIM_PAGES, calls.arg())).isEqualTo(-XenErrno.EPERM);
        for (long[] bad : new long[][] {{0, 1, 1, TestDomain.DOMID}, {0, 1, 0, TestCalls.SELF}, {0, 1, 0, 9}}) {
            calls.arg(bad);
            assertThat(calls.call(MEMORY_OP, XenMemory.XENMEM_CLAIM_PAGES, calls.arg())).isEqualTo(-XenErrno.EINVAL);
        }
    }
}
