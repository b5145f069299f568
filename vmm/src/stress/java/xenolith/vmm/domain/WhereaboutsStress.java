package xenolith.vmm.domain;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import xenolith.vmm.domain.Whereabouts.Wake;

/// The vcpu's thread goes somewhere and looks; another has something for it and looks where it is.
public final class WhereaboutsStress {
    private WhereaboutsStress() {
    }

    abstract static class Sleeper {
        final Whereabouts place = new Whereabouts();
        volatile boolean event;

        final boolean goAndLook(int where) {
            place.enter(where);
            return event;
        }

        /// Whether the raiser acts.
        final boolean raise() {
            event = true;
            return place.wake() != Wake.NOTHING;
        }
    }

    @JCStressTest
    @Outcome(id = {"true, true", "true, false", "false, true"}, expect = ACCEPTABLE)
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "asleep with an event, and nobody wakes it")
    @State
    public static class RaiseWhileItFallsAsleep extends Sleeper {
        @Actor
        public void sleeper(ZZ_Result r) {
            r.r1 = goAndLook(Vcpu.BLOCKED);
        }

        @Actor
        public void raiser(ZZ_Result r) {
            r.r2 = raise();
        }
    }

    @JCStressTest
    @Outcome(id = {"true, true", "true, false", "false, true"}, expect = ACCEPTABLE)
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "in the guest, and nobody fetches it")
    @State
    public static class RaiseWhileItEnters extends Sleeper {
        @Actor
        public void sleeper(ZZ_Result r) {
            r.r1 = goAndLook(Vcpu.IN_GUEST);
        }

        @Actor
        public void raiser(ZZ_Result r) {
            r.r2 = raise();
        }
    }

    @JCStressTest
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "the wish is lost, or fulfilled and still there")
    @State
    public static class FlushWantedWhileItIsTaken {
        private final Whereabouts place = new Whereabouts();

        @Actor
        public void vcpu(ZZ_Result r) {
            r.r1 = place.takeFlush();
        }

        @Actor
        public void other() {
            place.wantFlush();
        }

        @Arbiter
        public void end(ZZ_Result r) {
            r.r2 = place.takeFlush();
        }
    }

    /// The entry that the second wish is about: 1 if the flush comes after its store.
    @JCStressTest
    @Outcome(id = {"0, 1", "1, 1", "1, 0"}, expect = ACCEPTABLE)
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "flushed too early, and not again")
    @State
    public static class FlushWantedAgainWhileItIsTaken {
        private final Whereabouts place = new Whereabouts();
        private int entry;

        public FlushWantedAgainWhileItIsTaken() {
            place.wantFlush();
        }

        @Actor
        public void vcpu(II_Result r) {
            place.takeFlush();
            r.r1 = entry;
        }

        @Actor
        public void other() {
            entry = 1;
            place.wantFlush();
        }

        @Arbiter
        public void end(II_Result r) {
            r.r2 = place.takeFlush() ? 1 : 0;
        }
    }
}
