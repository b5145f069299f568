package xenolith.vmm.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HostProfileTest {
    private static HostProfile with(Map<Capability, Integer> capabilities, Behaviour behaviour) {
        return new HostProfile(12, capabilities, behaviour, Costs.UNKNOWN);
    }

    @Test
    void missingCapabilitiesAreNamedInOneLine() {
        Map<Capability, Integer> capabilities = Profiles.allCapabilities();
        capabilities.put(Capability.XCRS, 0);
        capabilities.put(Capability.SYNC_REGS, 1);
        assertThatThrownBy(with(capabilities, Behaviour.UNKNOWN)::requireFit).isInstanceOf(HostUnfit.class)
                .hasMessage("this host cannot run guests: KVM lacks KVM_CAP_SYNC_REGS (REGS|SREGS); "
                        + "KVM lacks KVM_CAP_XCRS");
    }

    @Test
    void aCapabilityThatWeCanDoWithoutIsNoReason() {
        Map<Capability, Integer> capabilities = Profiles.allCapabilities();
        capabilities.put(Capability.IOEVENTFD, 0);
        HostProfile profile = with(capabilities, Behaviour.UNKNOWN);
        assertThat(profile.has(Capability.IOEVENTFD)).isFalse();
        assertThatCode(profile::requireFit).doesNotThrowAnyException();
    }

    @Test
    void whatIsNotKnownIsNoReasonAndTheSafeChoiceIsTaken() {
        HostProfile profile = with(Profiles.allCapabilities(), Behaviour.UNKNOWN);
        assertThat(profile.shortcomings()).isEmpty();
        assertThat(profile.hostWritesCoherent()).isFalse();
        assertThat(profile.isComplete()).isFalse();
    }

    @Test
    void aHostWithoutTheMonitorsSlotCannotRunGuests() {
        Behaviour seen = Profiles.software().behaviour();
        Behaviour without = new Behaviour(seen.syscallLands(), seen.int80Vector(), seen.hostWritesCoherent(),
                seen.hostUpgradesSeen(), seen.commitsSeen(), List.of(256), seen.cpuidIntercepted(),
                seen.tlsSelectorsLoad(), seen.tscIsHosts(), seen.mmioWriteAdvancesRip(),
                seen.breakpointsWork());
        assertThat(with(Profiles.allCapabilities(), without).shortcomings())
                .containsExactly("the monitor's L4 slot, 257, cannot be used from ring 3");
    }

    @Test
    void aHostThatDoesNotSeeOurPageTablesCannotRunGuests() {
        Behaviour seen = Profiles.software().behaviour();
        Behaviour blind = new Behaviour(seen.syscallLands(), seen.int80Vector(), Answer.NO, Answer.NO, Answer.NO,
                seen.usableSlots(), seen.cpuidIntercepted(), seen.tlsSelectorsLoad(), seen.tscIsHosts(), Answer.NO,
                seen.breakpointsWork());
        assertThat(with(Profiles.allCapabilities(), blind).shortcomings()).hasSize(3);
    }

    @Test
    void whereANativeRing0ShadowsTablesAGuestHasOneVcpu() {
        Behaviour seen = Profiles.software().behaviour();
        Behaviour shadowed = new Behaviour(Behaviour.Ring.RING0, Behaviour.INT80, Answer.NO, Answer.YES, Answer.YES,
                seen.usableSlots(), Answer.YES, Answer.YES, Answer.NO, Answer.YES, Answer.YES);
        HostProfile profile = with(Profiles.allCapabilities(), shadowed);
        assertThatCode(() -> profile.requireFit(1)).doesNotThrowAnyException();
        assertThatThrownBy(() -> profile.requireFit(2)).isInstanceOf(HostUnfit.class).hasMessageContaining("npt=0");
        assertThatCode(() -> Profiles.software().requireFit(4)).doesNotThrowAnyException();
    }
}
