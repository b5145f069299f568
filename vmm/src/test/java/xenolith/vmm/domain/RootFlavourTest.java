package xenolith.vmm.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import xenolith.abi.x86.VirtualLayout;
import xenolith.vmm.monitor.MonitorAbi;

/// What a root's slots of the hypervisor hold, by what the root is loaded for.
class RootFlavourTest {
    private static final int OTHER_ROOT = TestDomain.SPARE;
    private static final int KERNEL_ROOT = 0;

    private final TestDomain d = new TestDomain(1, true);

    private long slot(int pfn, int slot) {
        return d.memory.readWord((d.mfn(pfn) << 12) + slot * 8L);
    }

    @Test
    void kernelRootsHaveMonitorAndArray() {
        assertThat(slot(KERNEL_ROOT, MonitorAbi.L4_SLOT)).isEqualTo(d.monitor.kernelSlotEntry());
        assertThat(slot(KERNEL_ROOT, MonitorAbi.TRADITIONAL_M2P_SLOT)).isEqualTo(d.monitor.traditionalM2pEntry()).isNotZero();
    }

    @Test
    void userRootsHaveTheMonitorAlone() {
        assertThat(d.domain.roots().loadUser(d.domain.vcpu(0), d.mfn(OTHER_ROOT))).isZero();

        for (int slot = VirtualLayout.HYPERVISOR_FIRST_SLOT; slot <= VirtualLayout.HYPERVISOR_LAST_SLOT; slot++) {
            long expected = slot == MonitorAbi.L4_SLOT ? d.monitor.userSlotEntry() : 0;
            assertThat(slot(OTHER_ROOT, slot)).as("slot %d", slot).isEqualTo(expected);
        }
    }

    @Test
    void theArrayLeavesARootThatBecomesAUsers() {
        Vcpu vcpu = d.domain.vcpu(0);
        assertThat(d.domain.pageTables().pin(d.mfn(OTHER_ROOT), 4)).isZero();
        assertThat(d.domain.roots().loadKernel(vcpu, d.mfn(OTHER_ROOT))).isZero();
        assertThat(slot(OTHER_ROOT, MonitorAbi.TRADITIONAL_M2P_SLOT)).isNotZero();
        assertThat(d.domain.roots().loadKernel(vcpu, d.mfn(KERNEL_ROOT))).isZero();
        d.commitAll();

        assertThat(d.domain.roots().loadUser(vcpu, d.mfn(OTHER_ROOT))).isZero();

        assertThat(slot(OTHER_ROOT, MonitorAbi.TRADITIONAL_M2P_SLOT)).isZero();
        assertThat(slot(OTHER_ROOT, MonitorAbi.L4_SLOT)).isEqualTo(d.monitor.userSlotEntry());
    }
}
