package xenolith.vmm.host;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/// Profiles for tests.
final class Profiles {
    private Profiles() {
    }

    /// Every profile that a probe can make.
    static Arbitrary<HostProfile> any() {
        return Combinators.combine(Arbitraries.integers(), capabilities(), behaviours(), costs()).as(HostProfile::new);
    }

    private static Arbitrary<Map<Capability, Integer>> capabilities() {
        return Arbitraries.maps(Arbitraries.of(Capability.class), Arbitraries.integers().greaterOrEqual(0));
    }

    private static Arbitrary<Behaviour> behaviours() {
        Arbitrary<List<Answer>> answers = Arbitraries.of(Answer.class).list().ofSize(8);
        Arbitrary<List<Integer>> slots = Arbitraries.integers().between(Behaviour.FIRST_SLOT, Behaviour.LAST_SLOT)
                .list().uniqueElements();
        return Combinators.combine(Arbitraries.of(Behaviour.Ring.class), Arbitraries.integers().between(-1, 255),
                slots, answers).as((ring, int80, usable, answer) -> new Behaviour(ring, int80, answer.get(0),
                        answer.get(1), answer.get(2), usable, answer.get(3), answer.get(4), answer.get(5),
                        answer.get(6), answer.get(7)));
    }

    private static Arbitrary<Costs> costs() {
        Arbitrary<Long> ns = Arbitraries.longs().greaterOrEqual(-1);
        return Combinators.combine(ns, ns, ns).as(Costs::new);
    }

    /// What a software KVM is like.
    static HostProfile software() {
        Behaviour behaviour = new Behaviour(Behaviour.Ring.RING3, Behaviour.INVALID_OPCODE, Answer.NO, Answer.YES,
                Answer.YES, List.of(257, 258), Answer.NO, Answer.NO, Answer.YES, Answer.YES, Answer.NO);
        return new HostProfile(12, allCapabilities(), behaviour, new Costs(41_000, 7_000, 900));
    }

    static Map<Capability, Integer> allCapabilities() {
        Map<Capability, Integer> all = new EnumMap<>(Capability.class);
        for (Capability capability : Capability.values()) {
            all.put(capability, 7);
        }
        return all;
    }
}
