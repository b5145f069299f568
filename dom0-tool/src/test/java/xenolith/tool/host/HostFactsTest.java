package xenolith.tool.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import xenolith.vmm.host.Answer;
import xenolith.vmm.host.Behaviour;
import xenolith.vmm.host.Capability;
import xenolith.vmm.host.Costs;
import xenolith.vmm.host.HostProfile;

class HostFactsTest {
    private static final HostProfile PROFILE = new HostProfile(12, Map.of(Capability.SYNC_REGS, 7),
            new Behaviour(Behaviour.Ring.RING3, 6, Answer.NO, Answer.YES, Answer.YES, List.of(256, 258, 259),
                    Answer.UNKNOWN, Answer.NO, Answer.YES, Answer.YES, Answer.NO),
            new Costs(41_234, 6_990, Costs.UNKNOWN_NS));

    private static HostInfo.Fact fact(String key) {
        return HostFacts.of(PROFILE).facts().stream().filter(fact -> fact.key().equals(key)).findFirst().orElseThrow();
    }

    @Test
    void theKeysOfTheBehaviourAndTheCostsAreStable() {
        assertThat(HostFacts.of(PROFILE).facts()).filteredOn(fact -> !fact.group().equals("kvm"))
                .extracting(HostInfo.Fact::key)
                .containsExactly("runs_guests", "shortcomings", "syscall_lands", "int80_vector", "host_writes_coherent",
                        "host_upgrades_seen", "commits_seen", "usable_l4_slots", "ring3_cpuid_intercepted",
                        "tls_selectors_load", "breakpoints_work", "tsc_is_hosts", "mmio_write_advances_rip",
                        "exit_ns", "trap_ns",
                        "ring0_instruction_ns");
    }

    @Test
    void aPersonReadsUnitsAndAProgramNumbers() {
        assertThat(fact("exit_ns").text()).isEqualTo("41 µs");
        assertThat(fact("exit_ns").value()).isEqualTo(41_234L);
        assertThat(fact("trap_ns").text()).isEqualTo("7.0 µs");
        assertThat(fact("int80_vector").text()).isEqualTo("#UD");
        assertThat(fact("int80_vector").value()).isEqualTo(6);
        assertThat(fact("usable_l4_slots").text()).isEqualTo("256, 258 to 259");
        assertThat(fact("host_writes_coherent").value()).isEqualTo(false);
    }

    @Test
    void whatIsNotKnownSaysSo() {
        assertThat(fact("ring3_cpuid_intercepted").text()).isEqualTo("unknown");
        assertThat(fact("ring3_cpuid_intercepted").value()).isEqualTo("unknown");
        assertThat(fact("ring0_instruction_ns").value()).isEqualTo("unknown");
    }

    @Test
    void aHostThatCannotRunGuestsSaysWhy() {
        assertThat(fact("runs_guests").value()).isEqualTo(false);
        assertThat(fact("runs_guests").text()).startsWith("no: KVM lacks KVM_CAP_USER_MEMORY; ")
                .contains("the monitor's L4 slot, 257, cannot be used from ring 3");
    }

    @Test
    void everyFactCanBeWrittenAsJson() {
        assertThat(HostReport.json(HostFacts.of(PROFILE))).contains("\"exit_ns\" : 41234",
                "\"ring0_instruction_ns\" : \"unknown\"", "\"sync_regs\" : true");
    }
}
