package xenolith.tool.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PatientWaitTest {
    @Test
    void anInterruptHastensTheEndAndIsKeptUntilAllIsDone() {
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger hastened = new AtomicInteger();
        Thread.currentThread().interrupt();
        try (PatientWait wait = new PatientWait()) {
            String how = wait.await(() -> {
                end.await();
                return "ended";
            }, () -> {
                hastened.incrementAndGet();
                end.countDown();
            });
            assertThat(how).isEqualTo("ended");
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
        assertThat(hastened).hasValue(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void whoIsNotInterruptedNoticesNothing() {
        try (PatientWait wait = new PatientWait()) {
            assertThat(wait.<Integer>await(() -> 7, () -> {
                throw new AssertionError("hastened");
            })).isEqualTo(7);
        }
        assertThat(Thread.interrupted()).isFalse();
    }
}
