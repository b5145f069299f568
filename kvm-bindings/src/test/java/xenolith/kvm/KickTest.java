package xenolith.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.posix.Errno;
import xenolith.posix.KickSignal;
import xenolith.posix.ThreadTimer;

/// How KVM_RUN is made to return while the guest spins.
@Timeout(30)
class KickTest {
    private static final int ROUNDS = 20;
    private static final long HEAD_START_MS = 2;
    private static final long DEADLINE_NS = 3_000_000;

    /// Signals are blocked for the life of a thread, so each test has its own.
    private static void onVcpuThread(Runnable body) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            KickSignal.blockOnCurrentThread();
            body.run();
        });
        thread.setUncaughtExceptionHandler((_, e) -> failure.set(e));
        thread.start();
        thread.join();
        if (failure.get() instanceof RuntimeException e) {
            throw e;
        }
        if (failure.get() instanceof Error e) {
            throw e;
        }
    }

    @Test
    void aSignalFromAnotherThreadEndsARunningGuest() throws InterruptedException {
        onVcpuThread(() -> {
            try (Guest guest = new Guest(3, Code.SPIN)) {
                guest.vcpu.setSignalMask(0);
                int tid = KickSignal.currentTid();
                for (int round = 0; round < ROUNDS; round++) {
                    kickSoon(tid);
                    assertThat(guest.vcpu.run()).isEqualTo(Errno.EINTR);
                    assertThat(KickSignal.consume()).isTrue();
                    assertThat(KickSignal.consume()).isFalse();
                }
                assertThat(KvmRegs.rip(guest.regs())).isEqualTo(Guest.CODE);
            }
        });
    }

    private static void kickSoon(int tid) {
        CountDownLatch started = new CountDownLatch(1);
        Thread.ofPlatform().start(() -> {
            started.countDown();
            sleep(HEAD_START_MS);
            KickSignal.send(tid);
        });
        try {
            started.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSignalSentBeforeTheRunEndsItAtOnce() throws InterruptedException {
        onVcpuThread(() -> {
            try (Guest guest = new Guest(3, Code.SPIN)) {
                guest.vcpu.setSignalMask(0);
                KickSignal.send(KickSignal.currentTid());
                KickSignal.send(KickSignal.currentTid());
                assertThat(guest.vcpu.run()).isEqualTo(Errno.EINTR);
                assertThat(KickSignal.consume()).isTrue();
                assertThat(KickSignal.consume()).isFalse();
            }
        });
    }

    @Test
    void aTimerEndsARunningGuestAtItsDeadline() throws InterruptedException {
        onVcpuThread(() -> {
            try (Guest guest = new Guest(3, Code.SPIN);
                    ThreadTimer timer = ThreadTimer.create(KickSignal.currentTid(), KickSignal.SIGNO)) {
                guest.vcpu.setSignalMask(0);
                for (int round = 0; round < ROUNDS; round++) {
                    long start = System.nanoTime();
                    timer.arm(DEADLINE_NS);
                    assertThat(guest.vcpu.run()).isEqualTo(Errno.EINTR);
                    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(DEADLINE_NS);
                    assertThat(KickSignal.consume()).isTrue();
                }
            }
        });
    }

    @Test
    void aGuestThatExitsByItselfLeavesTheKickForTheNextRun() throws InterruptedException {
        onVcpuThread(() -> {
            try (Guest guest = new Guest(3, Code.of(Code.RING, Code.SPIN))) {
                guest.vcpu.setSignalMask(0);
                assertThat(guest.run()).isEqualTo(KvmExitReason.KVM_EXIT_MMIO);
                KickSignal.send(KickSignal.currentTid());
                assertThat(guest.vcpu.run()).isEqualTo(Errno.EINTR);
                assertThat(KickSignal.consume()).isTrue();
            }
        });
    }
}
