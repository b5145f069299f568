package xenolith.vmm.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.kvm.Kvm;
import xenolith.kvm.KvmVcpu;
import xenolith.kvm.KvmVm;
import xenolith.posix.HostException;
import xenolith.posix.KickSignal;
import xenolith.posix.NativeCode;
import xenolith.vmm.monitor.MonitorAbi;

/// What must hold on every host that can run our guests, seen on the one at hand.
@Timeout(30)
class HostProbeTest {
    private static final int MSR_TSC = 0x10;
    private static final int MOST_HUNG = 3;

    @TempDir
    Path folder;

    @BeforeAll
    static void openOrSkip() {
        try (Kvm kvm = Kvm.open()) {
            assertThat(kvm.apiVersion()).isEqualTo(Kvm.KVM_API_VERSION);
        } catch (HostException e) {
            abort("no usable KVM: " + e.getMessage());
        }
    }

    @Test
    void everyProbeAnswers() {
        HostProfile profile = HostProbe.run();
        assertThat(profile.apiVersion()).isEqualTo(Kvm.KVM_API_VERSION);
        assertThat(profile.has(Capability.SYNC_REGS)).isTrue();
        assertThat(profile.isComplete()).describedAs("%s", profile).isTrue();
        assertThat(profile.shortcomings()).isEmpty();
    }

    @Test
    void theMonitorCanDoItsWorkHere() {
        Behaviour seen = HostProbe.run().behaviour();
        assertThat(seen.usableSlots()).contains(MonitorAbi.L4_SLOT);
        assertThat(seen.hostUpgradesSeen()).isEqualTo(Answer.YES);
        assertThat(seen.commitsSeen()).isEqualTo(Answer.YES);
        assertThat(seen.mmioWriteAdvancesRip()).isEqualTo(Answer.YES);
    }

    @Test
    void aTrapCostsLessThanAnExit() {
        Costs costs = HostProbe.run().costs();
        assertThat(costs.trapNs()).isPositive().isLessThan(costs.exitNs());
        assertThat(costs.ring0InstructionNs()).isLessThan(costs.trapNs());
    }

    @Test
    void theHostBehavesTheSameEachTime() {
        assertThat(HostProbe.run().behaviour()).isEqualTo(HostProbe.run().behaviour());
    }

    @Test
    void theGuestsTscIsWhatItsMsrSays() {
        try (Kvm kvm = Kvm.open(); KvmVm vm = kvm.createVm(); KvmVcpu vcpu = vm.createVcpu(0)) {
            long before = NativeCode.rdtsc();
            long tsc = vcpu.getMsr(MSR_TSC);
            long after = NativeCode.rdtsc();
            assertThat(HostProbe.run().behaviour().tscIsHosts())
                    .isEqualTo(Answer.of(tsc >= before && tsc <= after));
        }
    }

    @Test
    void aRememberedProfileEqualsTheProbedOne() {
        HostProfile probed = HostProbe.run();
        ProfileCache cache = new ProfileCache(folder);
        cache.store(HostIdentity.key(), probed);
        assertThat(cache.find(HostIdentity.key())).contains(probed);
    }

    @Test
    void theHostsIdentityDoesNotChangeUnderProbes() {
        String before = HostIdentity.key();
        HostProbe.run();
        assertThat(HostIdentity.key()).isEqualTo(before).doesNotContain("\n");
    }

    @Test
    void aProbeThatHangsIsEndedAndTheNextOneAnswers() throws Exception {
        onItsOwnThread(() -> {
            try (Kvm kvm = Kvm.open(); ProbeGuest guest = new ProbeGuest(kvm)) {
                assertThat(guest.run("probe_spin")).isEqualTo(ProbeGuest.NO_END);
                assertThat(guest.isDone(guest.run("probe_tsc"))).isTrue();
            }
        });
    }

    @Test
    void afterAFewHungProbesNoneIsStarted() throws Exception {
        onItsOwnThread(() -> {
            try (Kvm kvm = Kvm.open(); ProbeGuest guest = new ProbeGuest(kvm)) {
                for (int i = 0; i < MOST_HUNG; i++) {
                    assertThat(guest.run("probe_spin")).isEqualTo(ProbeGuest.NO_END);
                }
                assertThat(guest.run("probe_tsc")).isEqualTo(ProbeGuest.NO_END);
            }
        });
    }

    /// The kick signal stays blocked on the thread that runs a guest.
    private static void onItsOwnThread(Runnable body) throws Exception {
        FutureTask<Void> task = new FutureTask<>(() -> {
            KickSignal.blockOnCurrentThread();
            body.run();
        }, null);
        Thread.ofPlatform().start(task);
        task.get();
    }
}
