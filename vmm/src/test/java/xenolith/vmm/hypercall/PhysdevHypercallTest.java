package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.HypercallNumber.PHYSDEV_OP;
import static xenolith.abi.HypercallNumber.PHYSDEV_OP_COMPAT;
import static xenolith.abi.XenErrno.EFAULT;
import static xenolith.abi.XenErrno.EINVAL;
import static xenolith.abi.XenErrno.ENODEV;
import static xenolith.abi.XenErrno.ENOSPC;
import static xenolith.abi.XenErrno.ENOSYS;
import static xenolith.abi.XenErrno.EPERM;
import static xenolith.abi.XenErrno.ESRCH;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.XenPhysdev;
import xenolith.vmm.domain.TestDomain;

/// What a domain without devices is told when it asks for devices.
class PhysdevHypercallTest {
    private final TestCalls calls = new TestCalls();

    private long op(int cmd, long... words) {
        calls.arg(words);
        return calls.call(PHYSDEV_OP, cmd, calls.arg());
    }

    @ParameterizedTest
    @ValueSource(ints = {XenPhysdev.PHYSDEVOP_APIC_READ, XenPhysdev.PHYSDEVOP_APIC_WRITE,
        XenPhysdev.PHYSDEVOP_ALLOC_IRQ_VECTOR, XenPhysdev.PHYSDEVOP_MANAGE_PCI_ADD,
        XenPhysdev.PHYSDEVOP_MANAGE_PCI_REMOVE, XenPhysdev.PHYSDEVOP_MANAGE_PCI_ADD_EXT,
        XenPhysdev.PHYSDEVOP_PCI_DEVICE_ADD, XenPhysdev.PHYSDEVOP_PCI_DEVICE_REMOVE,
        XenPhysdev.PHYSDEVOP_PREPARE_MSIX, XenPhysdev.PHYSDEVOP_RELEASE_MSIX, XenPhysdev.PHYSDEVOP_SETUP_GSI})
    void theHostsDevicesAreTheControlDomains(int cmd) {
        assertThat(op(cmd, 0, 0, 0, 0)).isEqualTo(-EPERM);
        assertThat(calls.call(PHYSDEV_OP, cmd, 0)).isEqualTo(-EFAULT);
        assertThat(calls.word(TestCalls.ARG, 0)).isZero();
    }

    @Test
    void badNumbersAreSeenBeforeTheCaller() {
        assertThat(op(XenPhysdev.PHYSDEVOP_SETUP_GSI, 24)).isEqualTo(-EINVAL);
        assertThat(op(XenPhysdev.PHYSDEVOP_SETUP_GSI, -1)).isEqualTo(-EINVAL);
        assertThat(op(XenPhysdev.PHYSDEVOP_MANAGE_PCI_ADD_EXT, TestCalls.ints(0, 2), 0)).isEqualTo(-EINVAL);
        assertThat(op(XenPhysdev.PHYSDEVOP_MANAGE_PCI_ADD_EXT, TestCalls.ints(0, 1), -1)).isEqualTo(-EINVAL);
        for (int cmd : new int[] {XenPhysdev.PHYSDEVOP_PCI_MMCFG_RESERVED, XenPhysdev.PHYSDEVOP_DBGP_OP}) {
            assertThat(calls.call(PHYSDEV_OP, cmd, 0)).as("the caller before its structure").isEqualTo(-EPERM);
        }
    }

    @Test
    void noInterruptIsBoundFreeOrToBeMapped() {
        assertThat(op(XenPhysdev.PHYSDEVOP_EOI, 9)).isEqualTo(-EINVAL);
        assertThat(op(XenPhysdev.PHYSDEVOP_GET_FREE_PIRQ, 0)).isEqualTo(-ENOSPC);
        assertThat(op(XenPhysdev.PHYSDEVOP_RESTORE_MSI, 0)).isEqualTo(-ENODEV);
        assertThat(op(XenPhysdev.PHYSDEVOP_RESTORE_MSI_EXT, 0)).isEqualTo(-ENODEV);
        for (int cmd : new int[] {XenPhysdev.PHYSDEVOP_MAP_PIRQ, XenPhysdev.PHYSDEVOP_UNMAP_PIRQ}) {
            for (int domid : new int[] {TestCalls.SELF, TestDomain.DOMID, 0}) {
                assertThat(op(cmd, domid, 0, 0, 0, 0)).isEqualTo(-EPERM);
            }
            assertThat(op(cmd, 9, 0, 0, 0, 0)).isEqualTo(-ESRCH);
        }
    }

    @Test
    void anInterruptsStatusIsToldForNumbersThatExist() {
        assertThat(op(XenPhysdev.PHYSDEVOP_IRQ_STATUS_QUERY, 63)).isZero();
        assertThat(calls.intAt(TestCalls.ARG, 4)).isEqualTo(XenPhysdev.XENIRQSTAT_NEEDS_EOI);
        assertThat(op(XenPhysdev.PHYSDEVOP_IRQ_STATUS_QUERY, 64)).isEqualTo(-EINVAL);
        assertThat(op(XenPhysdev.PHYSDEVOP_IRQ_STATUS_QUERY, -1)).isEqualTo(-EINVAL);
        assertThat(calls.call(PHYSDEV_OP, XenPhysdev.PHYSDEVOP_IRQ_UNMASK_NOTIFY, 0)).isZero();
    }

    @Test
    void mapsOfInterruptsToEndAndUnknownCommandsDoNotExist() {
        for (int cmd : new int[] {XenPhysdev.PHYSDEVOP_PIRQ_EOI_GMFN_V1, XenPhysdev.PHYSDEVOP_PIRQ_EOI_GMFN_V2,
            XenPhysdev.PHYSDEVOP_FREE_IRQ_VECTOR, 3, 99, -1}) {
            assertThat(op(cmd, 0, 0)).isEqualTo(-ENOSYS);
        }
    }

    @Test
    void theOlderFormHasItsCommandBeforeItsStructure() {
        calls.arg(XenPhysdev.PHYSDEVOP_SET_IOPL, 3, 0);
        assertThat(calls.call(PHYSDEV_OP_COMPAT, calls.arg())).isZero();
        assertThat(calls.vcpu.iopl()).isEqualTo(3);
        calls.arg(XenPhysdev.PHYSDEVOP_APIC_READ, 0, 0);
        assertThat(calls.call(PHYSDEV_OP_COMPAT, calls.arg())).isEqualTo(-EPERM);
        assertThat(calls.call(PHYSDEV_OP_COMPAT, 0)).isEqualTo(-EFAULT);
    }
}
