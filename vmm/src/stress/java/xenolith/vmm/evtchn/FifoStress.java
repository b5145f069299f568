package xenolith.vmm.evtchn;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/// The queues: a raiser links ports while the guest takes them off.
public final class FifoStress {
    private static final int PORT = 5;
    private static final int TAIL = 6;

    private FifoStress() {
    }

    abstract static class Queues extends SmallWorld {
        final FifoWords words = new FifoWords(p.memory, 2);
        final FifoGuest guest = new FifoGuest(p, 0);

        Queues() {
            words.control(0, guest.controlMa());
            words.expand(FifoGuest.FIRST_ARRAY_MFN);
        }

        final void raise(int port) {
            words.raise(port, p.targets[0]);
        }

        final void upcalls() {
            while (guest.upcallPending()) {
                guest.upcall();
            }
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "lost, or handled twice")
    @State
    public static class BeginWhileTheGuestLooks extends Queues {
        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            guest.upcall();
        }

        @Arbiter
        public void end(I_Result r) {
            upcalls();
            r.r1 = guest.count;
        }
    }

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "linked behind a port that the guest has taken, or lost")
    @State
    public static class LinkWhileTheGuestTakesTheTail extends Queues {
        public LinkWhileTheGuestTakesTheTail() {
            raise(TAIL);
        }

        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            guest.upcall();
        }

        @Arbiter
        public void end(I_Result r) {
            upcalls();
            r.r1 = guest.count;
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 0", "2, 0"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "pending, and in no queue")
    @State
    public static class RaiseOfThePortThatIsTaken extends Queues {
        public RaiseOfThePortThatIsTaken() {
            raise(PORT);
        }

        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            guest.upcall();
        }

        @Arbiter
        public void end(II_Result r) {
            upcalls();
            r.r1 = guest.count;
            r.r2 = words.isPending(PORT) ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "held back by a mask that is gone")
    @State
    public static class RaiseWhileUnmasked extends Queues {
        public RaiseWhileUnmasked() {
            guest.mask(PORT);
        }

        @Actor
        public void raiser() {
            raise(PORT);
        }

        @Actor
        public void guest() {
            if (guest.clearMask(PORT)) {
                words.unmask(PORT, p.targets[0]);
            }
        }

        @Arbiter
        public void end(I_Result r) {
            upcalls();
            r.r1 = guest.count;
        }
    }
}
