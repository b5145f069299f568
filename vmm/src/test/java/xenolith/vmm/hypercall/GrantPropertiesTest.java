package xenolith.vmm.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Whatever a granter and its grantees do, in whatever order.
class GrantPropertiesTest {

    @Property(tries = 60)
    void theLawsHoldAfterEveryStepAndNothingRemainsInTheEnd(@ForAll Random chance) {
        RandomGranter granter = new RandomGranter();
        for (int i = 0; i < 300; i++) {
            granter.step(chance);
            granter.assertLaws();
        }
        granter.end();
    }

    /// The property proves something only if most things are done and not refused.
    @Example
    void aThirdOfTheStepsSucceeds() {
        RandomGranter granter = new RandomGranter();
        Random chance = new Random(1);
        for (int i = 0; i < 3000; i++) {
            granter.step(chance);
        }
        assertThat(granter.done).isGreaterThan(1000);
    }
}
