package xenolith.vmm.monitor;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import xenolith.vmm.guest.MachineMemory;

/// A stub posts a call and spins; the poller answers. What the stub does in assembly is done here with its ordering.
public final class MailboxStress {
    private static final int WORDS = 2 * 512;
    private static final long SUPER_MA = MachineMemory.BASE_MFN << MachineMemory.PAGE_SHIFT;
    private static final long MAILBOX_MA = SUPER_MA + MachineMemory.PAGE_SIZE;
    private static final long CALL = 7;

    private MailboxStress() {
    }

    abstract static class Mailbox {
        final MachineMemory memory = new MachineMemory(MemorySegment.ofArray(new long[WORDS]));
        final MonitorWindow window = new MonitorWindow(memory, SUPER_MA, MAILBOX_MA, 0);

        final int field(String name) {
            return (int) memory.readWord(MAILBOX_MA + MonitorAbi.mailboxOffset(name));
        }

        final void field(String name, long value) {
            memory.writeWord(MAILBOX_MA + MonitorAbi.mailboxOffset(name), value);
        }
    }

    @JCStressTest
    @Outcome(id = {"0, 0, 0", "0, 3, 0", "0, 0, 4", "0, 3, 4", "7, 3, 4"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "the answer without its result or action")
    @State
    public static class AnswerWhileTheStubSpins extends Mailbox {
        @Actor
        public void poller() {
            window.answer(CALL, 3, 4);
        }

        @Actor
        public void stub(III_Result r) {
            r.r1 = (int) memory.readWordAcquire(MAILBOX_MA + MonitorAbi.mailboxOffset("M_ANSWER"));
            r.r2 = field("M_RESULT");
            r.r3 = field("M_ACTION");
        }
    }

    @JCStressTest
    @Outcome(id = {"0, 0, 0", "0, 3, 0", "0, 0, 4", "0, 3, 4", "7, 3, 4"}, expect = ACCEPTABLE)
    @Outcome(expect = FORBIDDEN, desc = "the call without its number or arguments")
    @State
    public static class CallWhileThePollerLooks extends Mailbox {
        @Actor
        public void stub() {
            field("M_NR", 3);
            field("M_ARG0", 4);
            memory.writeWordRelease(MAILBOX_MA + MonitorAbi.mailboxOffset("M_SEQ"), CALL);
        }

        @Actor
        public void poller(III_Result r) {
            r.r1 = (int) window.sequence();
            r.r2 = (int) window.hypercallNumber();
            r.r3 = (int) window.argument(0);
        }
    }
}
