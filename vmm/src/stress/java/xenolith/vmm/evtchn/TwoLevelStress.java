package xenolith.vmm.evtchn;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/// The bitmap: no event is lost, whatever the guest does to its words meanwhile.
public final class TwoLevelStress {
    private static final int PORT = 5;
    private static final int NEIGHBOUR = 6;

    private TwoLevelStress() {
    }

    abstract static class Bitmap extends SmallWorld {
        final TwoLevelWords words = new TwoLevelWords(p.memory, TestPorts.SHARED_INFO);
        int handled;

        final void raise(int port) {
            words.raise(port, p.targets[0]);
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "lost, or found twice")
    @State
    public static class RaiseWhileTheGuestLooks extends Bitmap {
        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            handled = p.consume(0);
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = handled + consumeAll(0);
        }
    }

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "lost, or found twice")
    @State
    public static class RaiseOfANeighbourWhileTheGuestLooks extends Bitmap {
        public RaiseOfANeighbourWhileTheGuestLooks() {
            raise(NEIGHBOUR);
        }

        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            handled = p.consume(0);
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = handled + consumeAll(0);
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "held back by a mask that is gone")
    @State
    public static class RaiseWhileUnmasked extends Bitmap {
        public RaiseWhileUnmasked() {
            p.mask(PORT);
        }

        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            words.unmask(PORT, p.targets[0]);
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = consumeAll(0);
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "lost behind a mask, or found twice")
    @State
    public static class RaiseWhileMaskedAndUnmasked extends Bitmap {
        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            p.mask(PORT);
            handled = p.consume(0);
            words.unmask(PORT, p.targets[0]);
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = handled + consumeAll(0);
        }
    }
}
