package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import xenolith.posix.NativeCode;

/// The system ioctls.
class KvmTest {
    @Test
    void theHostSpeaksTheOneVersionThereIs() {
        try (Kvm kvm = Guest.openOrSkip()) {
            assertThat(kvm.apiVersion()).isEqualTo(Kvm.KVM_API_VERSION);
        }
    }

    @Test
    void theSharedPagesHoldTheWholeOfKvmRun() {
        try (Kvm kvm = Guest.openOrSkip()) {
            assertThat((long) kvm.vcpuMmapSize()).isGreaterThanOrEqualTo(KvmRun.SIZEOF);
        }
    }

    @Test
    void anUnknownCapabilityIsAbsentAndMemorySlotsAreMany() {
        try (Kvm kvm = Guest.openOrSkip()) {
            assertThat(kvm.checkExtension(1_000_000)).isZero();
            assertThat(kvm.checkExtension(KvmCap.KVM_CAP_NR_MEMSLOTS)).isGreaterThanOrEqualTo(32);
        }
    }

    @Test
    void supportedCpuidNamesTheVendorInLeafZero() {
        try (Kvm kvm = Guest.openOrSkip()) {
            CpuidTable table = kvm.supportedCpuid();
            int[] host = new int[4];
            NativeCode.cpuid(0, 0, host);
            int entry = table.find(0, 0);
            assertThat(new int[] {table.ebx(entry), table.ecx(entry), table.edx(entry)})
                    .containsExactly(host[1], host[2], host[3]);
        }
    }

    @Test
    void aVmOutlivesTheDescriptorItWasCreatedFrom() {
        Kvm kvm = Guest.openOrSkip();
        try (KvmVm vm = kvm.createVm()) {
            kvm.close();
            assertThat(vm.checkExtension(KvmCap.KVM_CAP_USER_MEMORY)).isEqualTo(1);
        }
    }
}
