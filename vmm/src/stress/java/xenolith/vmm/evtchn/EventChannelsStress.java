package xenolith.vmm.evtchn;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import xenolith.vmm.port.EventPort;

/// A backend raises while the guest changes the port or the form of its events. The backend takes no lock.
public final class EventChannelsStress {
    private EventChannelsStress() {
    }

    abstract static class Bound extends SmallWorld {
        final int port = p.events.allocBackend(0);
        final EventPort backend = p.events.backendPort(port);
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "on neither vcpu, or on both")
    @State
    public static class RaiseWhileThePortMovesToAnotherVcpu extends Bound {
        @Actor
        public void raiser() {
            backend.notifyGuest();
        }

        @Actor
        public void guest() {
            p.events.bindVcpu(port, 1);
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = consumeAll(0) + consumeAll(1);
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "left behind in the bitmap, or handled twice")
    @State
    public static class RaiseWhileTheDomainGoesOverToQueues extends Bound {
        private final FifoGuest guest = new FifoGuest(p, 0);

        @Actor
        public void raiser() {
            backend.notifyGuest();
        }

        @Actor
        public void guest() {
            p.events.initControl(0, FifoGuest.CONTROL_MFN, FifoGuest.controlOffset(0), ANY_FRAME);
            p.events.expandArray(FifoGuest.FIRST_ARRAY_MFN, ANY_FRAME);
        }

        @Arbiter
        public void end(I_Result r) {
            while (guest.upcallPending()) {
                guest.upcall();
            }
            r.r1 = guest.count;
        }
    }

    @JCStressTest
    @Outcome(id = {"0", "1"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "an event of a port that is no more came twice")
    @State
    public static class RaiseWhileThePortCloses extends Bound {
        @Actor
        public void raiser() {
            backend.notifyGuest();
        }

        @Actor
        public void guest() {
            p.events.close(port);
        }

        @Arbiter
        public void end(I_Result r) {
            r.r1 = consumeAll(0);
        }
    }
}
