package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.GRANT_TABLE_OP;
import static xenolith.abi.HypercallNumber.MEMORY_OP;
import static xenolith.abi.HypercallNumber.XEN_VERSION;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EPERM;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenGrantOp;
import xenolith.abi.XenMemory;
import xenolith.abi.XenVersion;
import xenolith.vmm.domain.TestDomain;
import xenolith.vmm.monitor.MonitorAbi;

class VersionAndMemoryTest {
    private final TestCalls calls = new TestCalls();
    private final TestDomain d = calls.d;

    private long version(int cmd) {
        return calls.call(XEN_VERSION, cmd, calls.arg());
    }

    private long memory(long cmd) {
        return calls.call(MEMORY_OP, cmd, calls.arg());
    }

    // ---- xen_version

    @Test
    void theInterfaceIsThatOfXen417() {
        assertThat(calls.call(XEN_VERSION, 0, 0)).isEqualTo(4 << 16 | 17);
    }

    @Test
    void textsFillTheirArraysWithZeros() {
        d.page(TestCalls.ARG).fill((byte) 'x');

        assertThat(version(XenVersion.XENVER_EXTRAVERSION)).isZero();
        assertThat(d.page(TestCalls.ARG).getString(0)).isEqualTo(".0-xenolith");
        assertThat(calls.word(TestCalls.ARG, 16)).as("16 bytes and no more").isEqualTo(0x7878_7878_7878_7878L);
        assertThat(version(XenVersion.XENVER_CHANGESET)).isZero();
        assertThat(d.page(TestCalls.ARG).getString(0)).isEmpty();
        assertThat(version(XenVersion.XENVER_CAPABILITIES)).isZero();
        assertThat(d.page(TestCalls.ARG).getString(0)).startsWith("xen-3.0-x86_64");
        assertThat(version(XenVersion.XENVER_COMPILE_INFO)).isZero();
        assertThat(XenVersion.CompileInfo.compiler(d.page(TestCalls.ARG), 0)).isNotEmpty();
    }

    @Test
    void linuxFindsTheFeaturesWithoutWhichItPanics() {
        calls.arg(-1L << 32);

        assertThat(version(XenVersion.XENVER_GET_FEATURES)).isZero();

        int features = XenVersion.FeatureInfo.submap(d.page(TestCalls.ARG), 0);
        assertThat(features >>> XenVersion.XENFEAT_MMU_PT_UPDATE_PRESERVE_AD & 1).isOne();
        assertThat(features >>> XenVersion.XENFEAT_GNTTAB_MAP_AVAIL_BITS & 1).isOne();
        assertThat(features >>> XenVersion.XENFEAT_WRITABLE_PAGE_TABLES & 1).isZero();
        assertThat(features >>> XenVersion.XENFEAT_AUTO_TRANSLATED_PHYSMAP & 1).isZero();
        assertThat(features >>> XenVersion.XENFEAT_DOM0 & 1).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, -1, Integer.MIN_VALUE})
    void thereIsOneMapOfFeatures(int submap) {
        calls.arg(submap & 0xffff_ffffL);

        assertThat(version(XenVersion.XENVER_GET_FEATURES)).isEqualTo(-EINVAL);
    }

    @Test
    void theHypervisorsPartBeginsWithTheMachineToPhysArray() {
        assertThat(version(XenVersion.XENVER_PLATFORM_PARAMETERS)).isZero();
        assertThat(calls.word(TestCalls.ARG, 0)).isEqualTo(MonitorAbi.M2P_VA);
        assertThat(calls.word(TestCalls.ARG, 8)).isZero();
    }

    @Test
    void otherSubOperations() {
        assertThat(calls.call(XEN_VERSION, XenVersion.XENVER_PAGESIZE, 0)).isEqualTo(4096);
        assertThat(version(XenVersion.XENVER_PAGESIZE)).isEqualTo(-EINVAL);
        assertThat(version(XenVersion.XENVER_GUEST_HANDLE)).isZero();
        assertThat(calls.word(TestCalls.ARG, 0)).isEqualTo(d.domain.uuidHigh());
        assertThat(calls.word(TestCalls.ARG, 8)).isEqualTo(d.domain.uuidLow());
        assertThat(version(XenVersion.XENVER_BUILD_ID)).isEqualTo(-EPERM);
        assertThat(version(11)).isEqualTo(-ENOSYS);
        assertThat(version(-1)).isEqualTo(-ENOSYS);
    }

    @Test
    void theCommandLineIsDeniedInAWordAndNoMoreIsWritten() {
        calls.put(TestCalls.ARG, 0, ~0L, ~0L);
        assertThat(version(XenVersion.XENVER_COMMANDLINE)).isZero();
        assertThat(d.page(TestCalls.ARG).getString(0)).isEqualTo("<denied>");
        assertThat(calls.word(TestCalls.ARG, 8)).isEqualTo(~0xffL);
    }

    // ---- memory_op

    @Test
    void aDomainMayAskWhatItHas() {
        for (int cmd : new int[] {XenMemory.XENMEM_CURRENT_RESERVATION, XenMemory.XENMEM_MAXIMUM_RESERVATION}) {
            calls.arg(TestCalls.SELF);
            assertThat(memory(cmd)).isEqualTo(TestDomain.FRAMES);
            calls.arg(TestDomain.DOMID);
            assertThat(memory(cmd)).isEqualTo(TestDomain.FRAMES);
            calls.arg(0);
            assertThat(memory(cmd)).as("another domain").isEqualTo(-EPERM);
        }
        assertThat(memory(XenMemory.XENMEM_MAXIMUM_RAM_PAGE)).isEqualTo(d.memory.endMfn() - 1);
    }

    @Test
    void theMachineToPhysArrayIsWhereItIsSaidToBe() {
        assertThat(memory(XenMemory.XENMEM_MACHPHYS_MAPPING)).isZero();

        long start = calls.word(TestCalls.ARG, 0);
        long end = calls.word(TestCalls.ARG, 8);
        long maxMfn = calls.word(TestCalls.ARG, 16);
        assertThat(end).isEqualTo(start + (maxMfn + 1) * 8);
        assertThat(maxMfn).isEqualTo(d.memory.endMfn() - 1);
        assertThat(d.kernelView().word(start + d.mfn(77) * 8)).as("the guest reads its pfns there").isEqualTo(77);
        assertThat(d.kernelView().word(start + maxMfn * 8)).isEqualTo(0x5555_5555_5555_5555L);
    }

    @Test
    void theMemoryMapIsOneRangeOfRam() {
        calls.arg(10, d.va(TestCalls.ARG + 1) + 1);

        assertThat(memory(XenMemory.XENMEM_MEMORY_MAP)).isZero();

        assertThat(calls.intAt(TestCalls.ARG, 0)).isOne();
        assertThat(calls.word(TestCalls.ARG, 8)).as("the guest's pointer").isEqualTo(d.va(TestCalls.ARG + 1) + 1);
        var entry = d.page(TestCalls.ARG + 1).asByteBuffer().order(java.nio.ByteOrder.LITTLE_ENDIAN);
        assertThat(entry.getLong(1)).isZero();
        assertThat(entry.getLong(9)).isEqualTo(TestDomain.FRAMES * 4096L);
        assertThat(entry.getInt(17)).isOne();
        assertThat(entry.get(21)).isZero();

        calls.arg(0, d.va(TestCalls.ARG + 1));
        assertThat(memory(XenMemory.XENMEM_MEMORY_MAP)).as("no room, nothing told").isZero();
        assertThat(calls.intAt(TestCalls.ARG, 0)).isZero();
        calls.arg(10, 0);
        assertThat(memory(XenMemory.XENMEM_MEMORY_MAP)).isEqualTo(-EFAULT);
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertThat(memory(XenMemory.XENMEM_MACHINE_MEMORY_MAP)).isEqualTo(-EPERM);
        assertThat(memory(99)).isEqualTo(-ENOSYS);
        assertThat(memory(-1)).isEqualTo(-ENOSYS);
    }

    // ---- grant_table_op

    @Test
    void theGrantTableIsSetUpInTheDomainsOwnFrames() {
        long list = d.va(TestCalls.ARG + 1);
        XenGrantOp.SetupTable.dom(d.page(TestCalls.ARG), 0, TestCalls.SELF);
        XenGrantOp.SetupTable.nrFrames(d.page(TestCalls.ARG), 0, 4);
        XenGrantOp.SetupTable.frameList(d.page(TestCalls.ARG), 0, list);

        assertThat(calls.call(GRANT_TABLE_OP, 2, calls.arg(), 1)).isZero();

        assertThat(XenGrantOp.SetupTable.status(d.page(TestCalls.ARG), 0)).isZero();
        for (int i = 0; i < 4; i++) {
            assertThat(calls.word(TestCalls.ARG + 1, i * 8)).isEqualTo(d.grantMfn + i);
        }
        assertThat(calls.word(TestCalls.ARG + 1, 32)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 1_000_000, -1, Integer.MIN_VALUE})
    void moreGrantFramesThanThereAreAreAnErrorInTheStatus(int frames) {
        XenGrantOp.SetupTable.dom(d.page(TestCalls.ARG), 0, TestCalls.SELF);
        XenGrantOp.SetupTable.nrFrames(d.page(TestCalls.ARG), 0, frames);
        XenGrantOp.SetupTable.frameList(d.page(TestCalls.ARG), 0, d.va(TestCalls.ARG + 1));

        assertThat(calls.call(GRANT_TABLE_OP, 2, calls.arg(), 1)).isZero();

        assertThat(XenGrantOp.SetupTable.status(d.page(TestCalls.ARG), 0)).isNegative();
        assertThat(calls.word(TestCalls.ARG + 1, 0)).isZero();
    }

    @Test
    void otherDomainsGrantTablesAreNotToBeHad() {
        XenGrantOp.SetupTable.nrFrames(d.page(TestCalls.ARG), 0, 1);
        XenGrantOp.SetupTable.frameList(d.page(TestCalls.ARG), 0, d.va(TestCalls.ARG + 1));

        assertThat(calls.call(GRANT_TABLE_OP, 2, calls.arg(), 1)).isZero();
        assertThat(XenGrantOp.SetupTable.status(d.page(TestCalls.ARG), 0)).isEqualTo(-8);
        assertThat(calls.call(GRANT_TABLE_OP, 6, calls.arg(), 1)).isZero();
        assertThat(XenGrantOp.QuerySize.status(d.page(TestCalls.ARG), 0)).isEqualTo(-8);
    }

    @Test
    void theSizeOfTheGrantTableCanBeAsked() {
        XenGrantOp.QuerySize.dom(d.page(TestCalls.ARG), 0, TestCalls.SELF);

        assertThat(calls.call(GRANT_TABLE_OP, 6, calls.arg(), 1)).isZero();

        assertThat(XenGrantOp.QuerySize.nrFrames(d.page(TestCalls.ARG), 0)).as("until it is set up").isOne();
        assertThat(XenGrantOp.QuerySize.maxNrFrames(d.page(TestCalls.ARG), 0)).isEqualTo(4);
        assertThat(calls.call(GRANT_TABLE_OP, 6, calls.arg(), 2)).isEqualTo(-EINVAL);
        assertThat(calls.call(GRANT_TABLE_OP, 2, calls.arg(), 0)).isEqualTo(-EINVAL);
    }

    // ---- numbers

    @Test
    void unknownNumbersAreENOSYSAndLoggedOnce() {
        for (long nr : new long[] {4711, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, 11, 43, 49, 63}) {
            assertThat(calls.call(nr)).as("hypercall %d", nr).isEqualTo(-ENOSYS);
        }
        int lines = d.lines.size();
        assertThat(calls.call(43)).isEqualTo(-ENOSYS);
        assertThat(d.lines).hasSize(lines);
    }
}
