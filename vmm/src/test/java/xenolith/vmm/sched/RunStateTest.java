package xenolith.vmm.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.XenVcpu.RUNSTATE_BLOCKED;
import static xenolith.abi.XenVcpu.RUNSTATE_OFFLINE;
import static xenolith.abi.XenVcpu.RUNSTATE_RUNNABLE;
import static xenolith.abi.XenVcpu.RUNSTATE_RUNNING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void whatWasForgivenCoversWhatTheHostHasCountedAndNothingLater() {
        RunDelay delay = new RunDelay(clock);
        assertThat(delay.news(100)).isEqualTo(100);
        delay.forgive(30);
        delay.forgive(20);
        assertThat(delay.news(170)).as("50 of 70 were given").isEqualTo(20);
        delay.forgive(1000);
        assertThat(delay.news(180)).as("most of it was no wait for a processor").isZero();
        assertThat(delay.news(185)).as("what the host took later").isEqualTo(5);
    }

    @Test
    void aCountThatCannotBeReadOnceTakesNothingBack() {
        RunDelay delay = new RunDelay(clock);
        assertThat(delay.news(100)).isEqualTo(100);
        assertThat(delay.news(0)).isZero();
        assertThat(delay.news(101)).isOne();
    }

    @Test
    void whatASleeperGivesAwayIsNotStolenThoughAnotherVcpuAsksMeanwhile(@TempDir Path directory) throws IOException {
        Path schedstat = directory.resolve("schedstat");
        Files.writeString(schedstat, "1 10 1\n");
        runState.attach(schedstat.toString());
        runState.enter(RUNSTATE_RUNNING);
        runState.enter(RUNSTATE_BLOCKED);
        waitUntilTheHostIsAskedAgain();
        Files.writeString(schedstat, "1 50 2\n");
        assertThat(runState.noteStolen()).as("what it gives is not told yet").isFalse();
        runState.given(40);
        Files.writeString(schedstat, "1 53 2\n");
        runState.enter(RUNSTATE_RUNNING);

        assertThat(runState.timeNs(RUNSTATE_RUNNABLE)).isEqualTo(3);
        runState.close();
    }

    private void waitUntilTheHostIsAskedAgain() {
        long until = clock.nowNs() + RunDelay.NOT_OFTENER_THAN_NS;
        while (clock.nowNs() < until) {
            Thread.onSpinWait();
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
