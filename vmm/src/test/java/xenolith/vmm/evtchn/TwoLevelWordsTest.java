package xenolith.vmm.evtchn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TwoLevelWordsTest {
    private final TestPorts p = new TestPorts(2);
    private final TwoLevelWords bits = new TwoLevelWords(p.memory, TestPorts.SHARED_INFO);

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 127, 2048, 4095})
    void aRaiseSetsPendingSelectorAndUpcallAndKicksOnce(int port) {
        bits.raise(port, p.targets[1]);

        assertThat(p.pendingWord(port / 64)).isEqualTo(1L << port % 64);
        assertThat(p.selector(1)).isEqualTo(1L << port / 64);
        assertThat(p.upcallPending(1)).isTrue();
        assertThat(p.targets[1].kicks).isOne();
        assertThat(p.selector(0)).as("the other vcpu hears nothing").isZero();
        assertThat(p.upcallPending(0)).isFalse();
        assertThat(p.targets[0].kicks).isZero();
    }

    @Test
    void aSecondRaiseOfAPendingPortDoesNothing() {
        bits.raise(5, p.targets[0]);
        bits.raise(5, p.targets[0]);

        assertThat(p.targets[0].kicks).isOne();
    }

    @Test
    void aSecondPortOfAnAnnouncedWordNeedsNoSecondUpcall() {
        bits.raise(5, p.targets[0]);
        bits.raise(6, p.targets[0]);

        assertThat(p.targets[0].kicks).isOne();
        assertThat(p.consume(0)).isEqualTo(2);
    }

    @Test
    void aMaskedPortBecomesPendingWithoutAnUpcall() {
        p.mask(70);

        bits.raise(70, p.targets[0]);

        assertThat(bits.isPending(70)).isTrue();
        assertThat(p.selector(0)).isZero();
        assertThat(p.upcallPending(0)).isFalse();
        assertThat(p.targets[0].kicks).isZero();
    }

    @Test
    void unmaskingRaisesWhatTheMaskHeldBack() {
        p.mask(70);
        bits.raise(70, p.targets[0]);

        bits.unmask(70, p.targets[0]);

        assertThat(bits.isMasked(70)).isFalse();
        assertThat(p.selector(0)).isEqualTo(1L << 1);
        assertThat(p.upcallPending(0)).isTrue();
        assertThat(p.targets[0].kicks).isOne();
    }

    @Test
    void unmaskingAPortThatIsNotPendingIsSilent() {
        p.mask(70);

        bits.unmask(70, p.targets[0]);

        assertThat(p.upcallPending(0)).isFalse();
    }

    @Test
    void unmaskingAPortThatIsNotMaskedIsSilent() {
        bits.raise(70, p.targets[0]);
        p.consume(0);
        p.memory.getAndOrWord(TestPorts.SHARED_INFO + 0x800 + 8, 1L << 6);

        bits.unmask(70, p.targets[0]);

        assertThat(p.upcallPending(0)).as("pending, yet the guest that set it so was told").isFalse();
    }

    @Test
    void afterAMoveOfVcpuInfoEveryWordIsToBeLookedAt() {
        p.targets[0].infoMa = TestPorts.OTHER_FRAME;

        bits.raiseAll(p.targets[0]);

        assertThat(p.selector(0)).isEqualTo(~0L);
        assertThat(p.upcallPending(0)).isTrue();
        assertThat(p.targets[0].kicks).isOne();
    }

    @Test
    void clearingTouchesOnePortOnly() {
        bits.raise(64, p.targets[0]);
        bits.raise(65, p.targets[0]);

        bits.clear(64);

        assertThat(bits.isPending(64)).isFalse();
        assertThat(bits.isPending(65)).isTrue();
    }

    /// A consumer that clears in the guest's order, and a raiser: after the last raise of each round, the consumer
    /// is told and finds it, or has found it already. A lost edge would leave a pending port and no upcall.
    @Test
    @Timeout(20)
    void noEdgeIsLostBetweenARaiserAndAConsumer() throws InterruptedException {
        int rounds = 200_000;
        AtomicBoolean done = new AtomicBoolean();
        int[] found = new int[1];
        Thread guest = new Thread(() -> {
            while (!done.get() || p.upcallPending(0)) {
                if (p.upcallPending(0)) {
                    found[0] += p.consume(0);
                }
            }
        });
        guest.start();
        int raised = 0;
        for (int i = 0; i < rounds; i++) {
            if (bits.raise(1 + i % 4095, p.targets[0])) {
                raised++;
            }
        }
        done.set(true);
        guest.join();

        for (int word = 0; word < 64; word++) {
            assertThat(p.pendingWord(word)).as("word %d", word).isZero();
        }
        assertThat(found[0]).as("raised when it was not pending").isEqualTo(raised);
    }
}
