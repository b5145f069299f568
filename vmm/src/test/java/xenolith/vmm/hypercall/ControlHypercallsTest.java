package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.ARCH_0;
import static xenolith.abi.HypercallNumber.ARGO_OP;
import static xenolith.abi.HypercallNumber.CONSOLE_IO;
import static xenolith.abi.HypercallNumber.DM_OP;
import static xenolith.abi.HypercallNumber.DOMCTL;
import static xenolith.abi.HypercallNumber.HYPFS_OP;
import static xenolith.abi.HypercallNumber.KEXEC_OP;
import static xenolith.abi.HypercallNumber.PLATFORM_OP;
import static xenolith.abi.HypercallNumber.SYSCTL;
import static xenolith.abi.HypercallNumber.TMEM_OP;
import static xenolith.abi.HypercallNumber.XENPMU_OP;
import static xenolith.abi.HypercallNumber.XSM_OP;
import static xenolith.abi.XenErrno.E2BIG;
import static xenolith.abi.XenErrno.EACCES;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EOPNOTSUPP;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ESRCH;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.vmm.domain.TestDomain;

/// What an unprivileged domain is refused, and how.
class ControlHypercallsTest {
    private static final long LAST = TestDomain.BASE_VA + TestDomain.SPARE * 4096L;

    private final TestCalls calls = new TestCalls();

    @ParameterizedTest
    @CsvSource({PLATFORM_OP + ", 0x3000001, 136", SYSCTL + ", 0x15, 136", DOMCTL + ", 0x15, 144"})
    void whatOnlyTheControlDomainMayDoIsEPERMForEveryCommandOfThisVersion(int nr, String version, int byteLength) {
        for (int cmd : new int[] {0, 1, 7, 60, 1000, -1}) {
            calls.arg(TestCalls.ints(cmd, Integer.decode(version)));
            assertThat(calls.call(nr, calls.arg())).as("command %d", cmd).isEqualTo(-EPERM);
        }
        calls.arg(TestCalls.ints(0, Integer.decode(version) - 1));
        assertThat(calls.call(nr, calls.arg())).as("another version").isEqualTo(-EACCES);
        assertThat(calls.call(nr, 0)).isEqualTo(-EFAULT);
        assertThat(calls.call(nr, LAST - byteLength)).as("as large as it is").isEqualTo(-EACCES);
        assertThat(calls.call(nr, LAST - byteLength + 1)).isEqualTo(-EFAULT);
        assertThat(calls.word(TestCalls.ARG, 8)).isZero();
    }

    @Test
    void callsForTheControlDomainAloneAreEPERMWhateverTheySay() {
        for (int nr : new int[] {KEXEC_OP, HYPFS_OP, ARCH_0}) {
            assertThat(calls.call(nr, 0, calls.arg())).isEqualTo(-EPERM);
            assertThat(calls.call(nr, -1, -1, -1, -1, -1)).isEqualTo(-EPERM);
        }
    }

    @Test
    void noDomainModelsDevices() {
        for (long domid : new long[] {TestDomain.DOMID, TestDomain.DOMID | 1L << 16}) {
            assertThat(calls.call(DM_OP, domid, 1, calls.arg())).isEqualTo(-EPERM);
        }
        assertThat(calls.call(DM_OP, 0, 0, 0)).as("no HVM domain").isEqualTo(-EINVAL);
        assertThat(calls.call(DM_OP, 9, 3, calls.arg())).isEqualTo(-ESRCH);
        assertThat(calls.call(DM_OP, TestCalls.SELF, 3, calls.arg())).isEqualTo(-ESRCH);
        assertThat(calls.call(DM_OP, 9, 4, calls.arg())).isEqualTo(-E2BIG);
        assertThat(calls.call(DM_OP, 9, -1, calls.arg())).isEqualTo(-E2BIG);
        assertThat(calls.call(DM_OP, 9, 1, 0)).isEqualTo(-EFAULT);
    }

    @Test
    void whatThisHypervisorWasBuiltWithoutIsRefusedSilently() {
        assertThat(calls.call(XENPMU_OP, 0, calls.arg())).isEqualTo(-EOPNOTSUPP);
        for (int nr : new int[] {XSM_OP, TMEM_OP, ARGO_OP}) {
            assertThat(calls.call(nr, 0, calls.arg())).isEqualTo(-ENOSYS);
        }
        assertThat(calls.d.lines).isEmpty();
    }

    @Test
    void nothingIsReadFromTheConsoleAndNoCountMayLookLikeAnError() {
        calls.arg(~0L);
        assertThat(calls.call(CONSOLE_IO, 1, 8, calls.arg())).isZero();
        assertThat(calls.call(CONSOLE_IO, 1, 0x7fff_ffffL, calls.arg())).isZero();
        assertThat(calls.call(CONSOLE_IO, 1, 0x8000_0000L, calls.arg())).isEqualTo(-E2BIG);
        assertThat(calls.call(CONSOLE_IO, 2, 8, calls.arg())).isEqualTo(-ENOSYS);
        assertThat(calls.word(TestCalls.ARG, 0)).isEqualTo(~0L);
    }
}
