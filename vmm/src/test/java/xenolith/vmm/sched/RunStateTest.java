package xenolith.vmm.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.XenVcpu.RUNSTATE_BLOCKED;
import static xenolith.abi.XenVcpu.RUNSTATE_OFFLINE;
import static xenolith.abi.XenVcpu.RUNSTATE_RUNNABLE;
import static xenolith.abi.XenVcpu.RUNSTATE_RUNNING;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RunStateTest {
    private final GuestClock clock = new GuestClock(2_000_000, 0);
    private final RunState runState = new RunState(clock);

    private long sum() {
        long sum = 0;
        for (int state = RUNSTATE_RUNNING; state <= RUNSTATE_OFFLINE; state++) {
            sum += runState.timeNs(state);
        }
        return sum;
    }

    @Test
    void aVcpuBeginsOfflineAtTimeZero() {
        assertThat(runState.state()).isEqualTo(RUNSTATE_OFFLINE);
        assertThat(runState.enteredNs()).isZero();
        assertThat(sum()).isZero();
    }

    @Test
    void theTimesAddUpToTheMomentTheStateWasEntered() {
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            runState.enter(random.nextInt(4));
            assertThat(sum()).isEqualTo(runState.enteredNs());
        }
    }

    @Test
    void whatTheHostTookIsTimeOfBeingRunnable() {
        runState.enter(RUNSTATE_RUNNING);
        long running = runState.enteredNs();
        assertThat(runState.steal(7)).isTrue();
        assertThat(runState.steal(0)).isFalse();
        runState.enter(RUNSTATE_BLOCKED);

        assertThat(runState.timeNs(RUNSTATE_RUNNABLE)).isEqualTo(7);
        assertThat(runState.timeNs(RUNSTATE_RUNNING)).isEqualTo(runState.enteredNs() - running - 7);
        assertThat(sum()).isEqualTo(runState.enteredNs());
    }

    @Test
    void theHostsCountIsTheSecondOfThree() {
        assertThat(RunDelay.delayNs("123 45678 9\n")).isEqualTo(45678);
        for (String unknown : new String[] {"", "0", "a b c", "1  2"}) {
            assertThat(RunDelay.delayNs(unknown)).isZero();
        }
    }

    @Test
    void aStayCountsForTheStateThatIsLeft() {
        runState.enter(RUNSTATE_RUNNING);
        long running = runState.enteredNs();
        runState.enter(RUNSTATE_BLOCKED);
        long blocked = runState.enteredNs();

        assertThat(runState.timeNs(RUNSTATE_OFFLINE)).isEqualTo(running);
        assertThat(runState.timeNs(RUNSTATE_RUNNING)).isEqualTo(blocked - running);
        assertThat(runState.timeNs(RUNSTATE_BLOCKED)).as("the present stay is not in it").isZero();
        assertThat(runState.timeNs(RUNSTATE_RUNNABLE)).isZero();
    }
}
