package xenolith.vmm.mm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Whatever two guests do, in whatever order, over hardware that forgets as late as it may, the laws hold.
class ValidatorPropertiesTest {

    @Property(tries = 150)
    void theLawsHoldAfterEveryStep(@ForAll Random chance) {
        RandomGuests guests = new RandomGuests();
        for (int i = 0; i < 250; i++) {
            guests.step(chance);
            assertLaws(guests.machine, i);
        }
        endAndAssertNothingRemains(guests);
    }

    /// A table that is not validated in the end, below which another maps it, once left its owner too early.
    @Property(tries = 24, seed = "8326849181162453049")
    void theLawsHoldWhereValidationFailsOverATableThatMapsItsParent(@ForAll Random chance) {
        theLawsHoldAfterEveryStep(chance);
    }

    @Property(tries = 100)
    void theLawsHoldWhenEachTableIsAPieceOfItsOwn(@ForAll Random chance) {
        RandomGuests guests = new RandomGuests(1);
        for (int i = 0; i < 250; i++) {
            guests.step(chance);
            assertLaws(guests.machine, i);
        }
        endAndAssertNothingRemains(guests);
    }

    @Property(tries = 40)
    void theLawsHoldInTheEndOfALongLife(@ForAll Random chance) {
        RandomGuests guests = new RandomGuests();
        for (int i = 0; i < 10_000; i++) {
            guests.step(chance);
        }
        assertLaws(guests.machine, 10_000);
        endAndAssertNothingRemains(guests);
    }

    /// The properties prove something only if chance goes everywhere.
    @Example
    void chanceReachesEveryRefusalAndMostStepsSucceed() {
        Set<Refusal> unseen = EnumSet.allOf(Refusal.class);
        // Levels and overflows have their own tests: chance asks for levels 1–4, and never counts so far.
        unseen.removeAll(EnumSet.of(Refusal.BAD_LEVEL, Refusal.COUNT_OVERFLOW));
        int done = 0;
        int steps = 0;
        for (int seed = 0; seed < 100; seed++) {
            RandomGuests guests = new RandomGuests(seed % 2 == 0 ? Pieces.TABLES : 1);
            Random chance = new Random(seed);
            for (int i = 0; i < 1_000; i++, steps++) {
                guests.step(chance);
            }
            done += guests.done;
            unseen.removeIf(reason -> guests.machine.dom1.refusals().count(reason) > 0);
        }
        assertThat(unseen).isEmpty();
        assertThat(done).isGreaterThan(steps / 3);
    }

    private static void assertLaws(TestMachine machine, int step) {
        assertThat(Audit.differences(machine.memory, machine.frames)).as("step %d", step).isEmpty();
        assertThat(machine.hardware1.commitOwed() ? Set.of() : machine.hardware1.holes()).as("step %d", step).isEmpty();
        assertThat(machine.hardware2.commitOwed() ? Set.of() : machine.hardware2.holes()).as("step %d", step).isEmpty();
        for (int i = 0; i < machine.frames.frameCount(); i++) {
            long mfn = FrameTable.mfnOf(i);
            if (machine.frames.typeCount(mfn) > 0 && machine.frames.type(mfn) == PageType.L4) {
                assertHypervisorSlots(machine, mfn);
            }
        }
    }

    private static void assertHypervisorSlots(TestMachine machine, long l4) {
        for (int i = 0; i < TestMachine.SLOTS_OF_HYPERVISOR; i++) {
            long installed = i < TestMachine.HYPERVISOR_SLOTS.length ? TestMachine.HYPERVISOR_SLOTS[i] : 0;
            assertThat(machine.load(l4, 256 + i)).isEqualTo(installed);
        }
    }

    private static void endAndAssertNothingRemains(RandomGuests guests) {
        assertThat(guests.end()).isZero();
        FrameTable frames = guests.machine.frames;
        for (int i = 0; i < frames.frameCount(); i++) {
            assertThat(frames.refCount[i]).as(frames.describe(FrameTable.mfnOf(i))).isZero();
            assertThat(frames.typeCount[i]).isZero();
        }
        assertThat(Audit.leftovers(frames)).isEmpty();
        assertThat(Audit.differences(guests.machine.memory, frames)).isEmpty();
    }
}
