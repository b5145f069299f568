package xenolith.vmm.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import xenolith.vmm.mm.Audit;

class DomainReleaseTest {
    private final TestDomain d = new TestDomain();

    @Test
    void framesOfEventQueuesAreGivenBackThoughPortsAreOpen() {
        long control = d.mfn(TestDomain.SPARE);
        long array = d.mfn(TestDomain.SPARE + 1);
        assertThat(d.domain.events().initControl(0, control, 0, d.domain.lentFrames())).isZero();
        assertThat(d.domain.events().expandArray(array, d.domain.lentFrames())).isZero();
        assertThat(d.domain.events().bindIpi(0)).isPositive();
        d.grants.release();

        assertThat(d.domain.release()).isZero();

        assertThat(Audit.leftovers(d.frames)).isEmpty();
    }
}
