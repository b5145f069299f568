package xenolith.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.Errno;
import xenolith.posix.EventFd;
import xenolith.posix.HostException;

/// Memory slots, doorbells, clock and counters of a VM.
@Timeout(30)
class KvmVmTest {
    private static final int[] STORE_AND_RING = Code.of(Code.eax(0x5a5a), Code.STORE, Code.RING, Code.SPIN);
    private static final long PAGE = 4096;

    /// Lets the doorbell's page be memory: the frame of [Guest#DATA] a second time.
    private static void mapDataAtDoorbell(Guest guest, int flags) {
        guest.vm.setMemory(1, Guest.DOORBELL, PAGE, guest.memory.address() + Guest.DATA, flags);
    }

    @Test
    void aGuestsStoreIsSeenInTheMemfd() {
        try (Guest guest = new Guest(3, STORE_AND_RING)) {
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat(guest.word(Guest.DATA)).isEqualTo(0x5a5a);
        }
    }

    @Test
    void oneFrameShowsAtTwoAddressesAndADeletedSlotIsNoMemoryAnyMore() {
        // Reads the doorbell's page, where DATA shows; stores the answer behind DATA; rings at an address without slot.
        int[] code = Code.of(Code.ASK, new int[] {0x48, 0x89, 0x46, 0x08}, new int[] {0x89, 0x87, 0, 0x10, 0, 0},
                Code.ASK, Code.SPIN);
        try (Guest guest = new Guest(3, code)) {
            mapDataAtDoorbell(guest, 0);
            guest.memory.segment().set(JAVA_LONG, Guest.DATA, 0x1234);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat(guest.vcpu.page().mmioPhysAddr()).isEqualTo(Guest.DOORBELL + PAGE);
            assertThat(guest.word(Guest.DATA + 8)).isEqualTo(0x1234);
            guest.vm.setMemory(1, Guest.DOORBELL, 0, 0, 0);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat(guest.vcpu.page().mmioPhysAddr()).isEqualTo(Guest.DOORBELL);
            assertThat(guest.vcpu.page().mmioIsWrite()).isFalse();
        }
    }

    @Test
    void aWriteToAReadOnlySlotExitsAndChangesNothing() {
        try (Guest guest = new Guest(3, Code.of(Code.eax(1), Code.RING, Code.SPIN))) {
            assumeTrue(guest.vm.checkExtension(KvmCap.KVM_CAP_READONLY_MEM) != 0, "KVM has no read-only slots");
            mapDataAtDoorbell(guest, KvmVm.KVM_MEM_READONLY);
            guest.memory.segment().set(JAVA_LONG, Guest.DATA, 0x1234);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat(guest.vcpu.page().mmioIsWrite()).isTrue();
            assertThat(guest.word(Guest.DATA)).isEqualTo(0x1234);
        }
    }

    @Test
    void slotsMayNotOverlap() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            assertThatThrownBy(() -> guest.vm.setMemory(1, 0, PAGE, guest.memory.address(), 0))
                    .isInstanceOfSatisfying(HostException.class, e -> {
                        assertThat(e.call()).isEqualTo("KVM_SET_USER_MEMORY_REGION");
                        assertThat(e.errno()).isEqualTo(Errno.EEXIST);
                    });
        }
    }

    @Test
    void aDoorbellSignalsItsEventWithoutAnExit() {
        int[] code = Code.of(Code.RING, new int[] {0x89, 0x87, 0, 0x10, 0, 0}, Code.SPIN);
        try (Guest guest = new Guest(3, code); EventFd event = EventFd.create()) {
            guest.vm.ioeventfd(Guest.DOORBELL, 4, event.raw(), 0);
            assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
            assertThat(guest.vcpu.page().mmioPhysAddr()).isEqualTo(Guest.DOORBELL + PAGE);
            assertThat(event.drain()).isEqualTo(1);
            guest.vm.ioeventfd(Guest.DOORBELL, 4, event.raw(), KvmVm.KVM_IOEVENTFD_FLAG_DEASSIGN);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void theClockGoesOnFromWhereItWasSet() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            assumeTrue(guest.kvm.checkExtension(KvmCap.KVM_CAP_ADJUST_CLOCK) != 0, "KVM has no adjustable clock");
            long anHour = 3_600_000_000_000L;
            guest.vm.setClock(anHour);
            assertThat(guest.vm.getClock()).isBetween(anHour, 2 * anHour);
        }
    }

    @Test
    void anExitIsCountedInTheStatisticsOfItsVcpu() {
        try (Guest guest = new Guest(3, STORE_AND_RING)) {
            assumeTrue(guest.kvm.checkExtension(KvmCap.KVM_CAP_BINARY_STATS_FD) != 0, "KVM has no statistics");
            try (KvmStats vcpu = guest.vcpu.stats(); KvmStats vm = guest.vm.stats()) {
                long before = vcpu.read().get("exits");
                guest.run();
                Map<String, Long> after = vcpu.read();
                assertThat(after.get("exits")).isGreaterThan(before);
                assertThat(vcpu.id()).startsWith(vm.id()).endsWith("vcpu-0");
                assertThat(vm.read()).containsKey("remote_tlb_flush");
            }
        }
    }

    @Test
    void aVcpuIdIsGivenOnce() {
        try (Guest guest = new Guest(3, Code.SPIN)) {
            assertThatThrownBy(() -> guest.vm.createVcpu(0)).isInstanceOf(HostException.class)
                    .hasMessage("KVM_CREATE_VCPU: EEXIST (File exists)");
        }
    }
}
