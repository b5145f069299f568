package xenolith.tool.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import xenolith.vmm.host.Answer;
import xenolith.vmm.host.Behaviour;
import xenolith.vmm.host.Capability;
import xenolith.vmm.host.Costs;
import xenolith.vmm.host.HostProfile;

/// Puts a [HostProfile] into words. The keys are for programs and do not change.
public final class HostFacts {
    private static final String UNKNOWN = "unknown";
    private static final int INVALID_OPCODE = 6;
    private static final int NS_PER_US = 1000;
    private static final int WHOLE_US_FROM = 10 * NS_PER_US;

    private final List<HostInfo.Fact> facts = new ArrayList<>();

    private HostFacts() {
    }

    public static HostInfo of(HostProfile profile) {
        HostFacts words = new HostFacts();
        words.verdict(profile);
        words.kvm(profile);
        words.behaviour(profile.behaviour());
        words.costs(profile.costs());
        return new HostInfo(words.facts);
    }

    private void verdict(HostProfile profile) {
        List<String> reasons = profile.shortcomings();
        add("host", "runs_guests", "runs guests",
                reasons.isEmpty() ? "yes" : "no: " + String.join("; ", reasons), reasons.isEmpty());
        add("host", "shortcomings", "shortcomings", reasons.isEmpty() ? "none" : Integer.toString(reasons.size()),
                reasons);
    }

    private void kvm(HostProfile profile) {
        add("kvm", "api_version", "API version", Integer.toString(profile.apiVersion()), profile.apiVersion());
        for (Capability capability : Capability.values()) {
            String key = capability.name().toLowerCase(Locale.ROOT);
            int answer = profile.capability(capability);
            switch (capability) {
                case NR_MEMSLOTS, MAX_VCPUS ->
                    add("kvm", key, "KVM_CAP_" + capability.name(), Integer.toString(answer), answer);
                default -> add("kvm", key, "KVM_CAP_" + capability.name(), yesOrNo(profile.has(capability))
                        + (capability.isMandatory() && !profile.has(capability) ? " (needed)" : ""),
                        profile.has(capability));
            }
        }
    }

    private void behaviour(Behaviour seen) {
        add("behaviour", "syscall_lands", "syscall of ring 3 lands in", switch (seen.syscallLands()) {
            case RING0 -> "ring 0";
            case RING3 -> "ring 3";
            case RING3_ALWAYS -> "ring 3, enabled or not";
            case UNKNOWN -> UNKNOWN;
        }, seen.syscallLands().name().toLowerCase(Locale.ROOT));
        int80(seen.int80Vector());
        answer("host_writes_coherent", "page-table downgrades by the host seen", seen.hostWritesCoherent());
        answer("host_upgrades_seen", "page-table upgrades by the host seen", seen.hostUpgradesSeen());
        answer("commits_seen", "page-table commits by ring 0 seen", seen.commitsSeen());
        add("behaviour", "usable_l4_slots", "L4 slots that ring 3 can use", ranges(seen.usableSlots()),
                seen.usableSlots());
        answer("ring3_cpuid_intercepted", "cpuid at ring 3 intercepted", seen.cpuidIntercepted());
        answer("tls_selectors_load", "TLS selectors load at ring 3", seen.tlsSelectorsLoad());
        answer("breakpoints_work", "debug registers stop ring 3", seen.breakpointsWork());
        answer("tsc_is_hosts", "guest TSC is the host's", seen.tscIsHosts());
        answer("mmio_write_advances_rip", "RIP is past an MMIO write at its exit", seen.mmioWriteAdvancesRip());
    }

    private void int80(int vector) {
        Object value = vector == Behaviour.UNKNOWN_VECTOR ? UNKNOWN : vector;
        String text = switch (vector) {
            case Behaviour.UNKNOWN_VECTOR -> UNKNOWN;
            case Behaviour.INT80 -> "itself";
            case INVALID_OPCODE -> "#UD";
            default -> "vector " + vector;
        };
        add("behaviour", "int80_vector", "int $0x80 of ring 3 arrives as", text, value);
    }

    private void costs(Costs costs) {
        cost("exit_ns", "exit to the VMM and back", costs.exitNs());
        cost("trap_ns", "trap to ring 0 and back", costs.trapNs());
        cost("ring0_instruction_ns", "an instruction at ring 0", costs.ring0InstructionNs());
    }

    private void answer(String key, String label, Answer answer) {
        add("behaviour", key, label, answer.name().toLowerCase(Locale.ROOT),
                answer == Answer.UNKNOWN ? UNKNOWN : (Object) (answer == Answer.YES));
    }

    private void cost(String key, String label, long ns) {
        add("costs", key, label, duration(ns), ns == Costs.UNKNOWN_NS ? UNKNOWN : (Object) ns);
    }

    private void add(String group, String key, String label, String text, Object value) {
        facts.add(new HostInfo.Fact(group, key, label, text, value));
    }

    private static String yesOrNo(boolean yes) {
        return yes ? "yes" : "no";
    }

    static String duration(long ns) {
        if (ns == Costs.UNKNOWN_NS) {
            return UNKNOWN;
        }
        if (ns == 0) {
            return "below 1 ns";
        }
        if (ns < NS_PER_US) {
            return ns + " ns";
        }
        return String.format(Locale.ROOT, ns < WHOLE_US_FROM ? "%.1f µs" : "%.0f µs", (double) ns / NS_PER_US);
    }

    /// `257 to 271`, `256, 258 to 271`.
    static String ranges(List<Integer> numbers) {
        StringBuilder text = new StringBuilder();
        int first = 0;
        while (first < numbers.size()) {
            int last = first;
            while (last + 1 < numbers.size() && numbers.get(last + 1) == numbers.get(last) + 1) {
                last++;
            }
            text.append(text.isEmpty() ? "" : ", ").append(numbers.get(first));
            if (last > first) {
                text.append(" to ").append(numbers.get(last));
            }
            first = last + 1;
        }
        return text.isEmpty() ? UNKNOWN : text.toString();
    }
}
