package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE;
import static xenolith.abi.io.Blkif.BLKIF_RSP_ERROR;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import xenolith.abi.io.XenbusState;
import xenolith.backend.DeviceDriver;
import xenolith.backend.DeviceNodes;
import xenolith.backend.Eventually;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.RawImage;
import xenolith.backend.image.UnforgettingImage;

/// A frontend whose device is served through sockets, by processes that come and go.
@Timeout(60)
class RemoteDriverTest {
    private static final Set<Thread.State> WAITS = EnumSet.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

    private static final int REF = 7;

    @TempDir
    private Path folder;

    private FakeProcess process(DiskImage image) {
        return new FakeProcess((domain, rings, queues, loss) -> new BlkBackend("disk",
                new UnforgettingImage(image, loss::isSet, loss::set), domain, queues, rings));
    }

    private RemoteGuest guest(FakeProcess first) throws Exception {
        return new RemoteGuest(true, Duration.ofSeconds(60), new GatedImage(0), first);
    }

    @Test
    void requestsAreDoneByAnotherProcessOverTheGuestsMemory() throws Exception {
        Path file = Files.write(folder.resolve("disk"), new byte[1 << 20]);
        try (RawImage image = RawImage.open(file, false); RemoteGuest guest = guest(process(image))) {
            guest.connectFrontend();
            assertThat(guest.xenbus.backend("sectors")).isEqualTo("2048");
            assertThat(guest.xenbus.backend("feature-persistent")).isEqualTo("1");
            MemorySegment page = guest.domain.grant(REF, false);
            page.fill((byte) 0x5a);
            guest.send(3, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(3)).isEqualTo(BLKIF_RSP_OKAY);
            assertThat(guest.domain.mapped()).as("the ring alone").isOne();
            page.fill((byte) 0);
            guest.send(3, BLKIF_OP_READ, REF);
            assertThat(guest.answer(3)).isEqualTo(BLKIF_RSP_OKAY);
            assertThat(page.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0x5a);
            assertThat(Files.readAllBytes(file)[3 * RemoteGuest.SECTORS_APART * 512 + 17]).isEqualTo((byte) 0x5a);
            guest.send(4, BLKIF_OP_READ, 99);
            assertThat(guest.answer(4)).as("a page that is not granted").isEqualTo(BLKIF_RSP_ERROR);
            assertThat(guest.port.pendingCount()).isPositive();
        }
    }

    @Test
    void whatAProcessTookAndDidNotAnswerItsSuccessorAnswers() throws Exception {
        FakeProcess[] dying = new FakeProcess[1];
        GatedImage first = new GatedImage(3, dying);
        GatedImage second = new GatedImage(0);
        dying[0] = process(first);
        try (RemoteGuest guest = guest(dying[0])) {
            guest.connectFrontend();
            guest.domain.grant(REF, false);
            for (int id = 1; id <= 6; id++) {
                guest.send(id, BLKIF_OP_WRITE, REF);
            }
            first.reached.await();
            int answered = guest.waitingAnswers();
            guest.provide(process(second));
            dying[0].die();
            for (int id = 1; id <= 6; id++) {
                assertThat(guest.answer(id)).isEqualTo(BLKIF_RSP_OKAY);
            }
            assertThat(guest.waitingAnswers()).isZero();
            assertThat(answered).isLessThanOrEqualTo(2);
            assertThat(second.writes()).as("only what had no answer in the record is done again").isEqualTo(4);
            guest.send(9, BLKIF_OP_FLUSH_DISKCACHE, REF);
            assertThat(guest.answer(9)).isEqualTo(BLKIF_RSP_OKAY);
            dying[0].join();
            assertThat(guest.backend.state()).isEqualTo(XenbusState.CONNECTED);
        }
    }

    @Test
    void requestsFailWhenThereIsNoProcessForTooLongAndAreServedAfterANewConnection() throws Exception {
        FakeProcess[] dying = new FakeProcess[1];
        GatedImage first = new GatedImage(2, dying);
        dying[0] = process(first);
        try (RemoteGuest guest = new RemoteGuest(true, Duration.ofMillis(300), failing(), dying[0])) {
            guest.connectFrontend();
            guest.domain.grant(REF, false);
            for (int id = 1; id <= 4; id++) {
                guest.send(id, BLKIF_OP_WRITE, REF);
            }
            first.reached.await();
            dying[0].die();
            assertThat(guest.answer(1)).as("done before").isEqualTo(BLKIF_RSP_OKAY);
            for (int id = 2; id <= 4; id++) {
                assertThat(guest.answer(id)).isEqualTo(BLKIF_RSP_ERROR);
            }
            guest.send(5, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(5)).isEqualTo(BLKIF_RSP_ERROR);
            guest.provide(process(new GatedImage(0)));
            guest.xenbus.go(XenbusState.CLOSED);
            guest.xenbus.awaits(XenbusState.CLOSED);
            guest.xenbus.go(XenbusState.INITIALISING);
            guest.connectFrontend();
            guest.send(6, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(6)).isEqualTo(BLKIF_RSP_OKAY);
        }
    }

    private static DiskImage failing() {
        return new GatedImage(0) {
            @Override
            public int write(xenolith.posix.Iovec from, long offset) {
                return -xenolith.posix.Errno.EIO;
            }
        };
    }

    @Test
    void aProcessThatOnlyLostItsConnectionIsTakenBackWhenItHasLetGo() throws Exception {
        GatedImage image = new GatedImage(0);
        FakeProcess process = process(image);
        FakeProcess same = process.reborn();
        try (RemoteGuest guest = new RemoteGuest(false, Duration.ofSeconds(60), failing(), process)) {
            guest.connectFrontend();
            guest.domain.grant(REF, false);
            guest.send(1, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(1)).isEqualTo(BLKIF_RSP_OKAY);
            guest.provide(process(new GatedImage(1)));
            guest.provide(same);
            process.hangUp();
            guest.send(2, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(2)).isEqualTo(BLKIF_RSP_OKAY);
            assertThat(image.writes()).as("another process that listened there meanwhile got nothing").isEqualTo(2);
        }
    }

    @Test
    void aConnectionThatWasMadeAnewEndsWhenTheOldOneCannotBeForgotten() throws Exception {
        FakeProcess process = process(new GatedImage(0));
        FakeProcess same = process.reborn();
        try (RemoteGuest guest = new RemoteGuest(false, Duration.ofSeconds(60), failing(), process)) {
            guest.connectFrontend();
            guest.provide(same);
            process.inClose = new IllegalStateException("on purpose");
            process.hangUp();
            guest.xenbus.awaits(XenbusState.CLOSING);
            assertThat(guest.xenbus.backend("error")).contains("internal error").contains("on purpose");
            same.join();
        }
    }

    @Test
    void theProcessSaysWhetherTheDiskCanBeWritten() throws Exception {
        FakeProcess first = process(new GatedImage(0));
        try (RemoteGuest guest = guest(first)) {
            guest.xenbus.awaits(XenbusState.INIT_WAIT);
            assertThat(guest.xenbus.backend("mode")).isEqualTo("w");
            assertThat(guest.driver.written("mode")).contains("w");
            assertThat(guest.driver.written("params")).isEmpty();
            guest.provide(process(new GatedImage(0) {
                @Override
                public boolean isReadOnly() {
                    return true;
                }
            }));
            first.die();
            guest.xenbus.go(XenbusState.CLOSED);
            guest.xenbus.awaits(XenbusState.CLOSED);
            guest.xenbus.go(XenbusState.INITIALISING);
            guest.xenbus.awaits(XenbusState.INIT_WAIT);
            assertThat(guest.xenbus.backend("mode")).isEqualTo("r");
            assertThat(guest.driver.written("mode")).contains("r");
        }
    }

    @Test
    void aProcessOfAnotherKindIsRefused() {
        FakeProcess process = new FakeProcess("vif", (domain, rings, queues, loss) -> null);
        assertThatThrownBy(() -> guest(process).close()).isInstanceOf(BackendSource.UnreachableException.class)
                .hasMessageContaining("'vif'");
        Eventually.is(true, process::isDead);
    }

    @Test
    void aDeviceThatIsClosedWhileAProcessIsStartedDoesNotWaitForItsEnd() throws Exception {
        FakeProcess first = process(new GatedImage(0));
        FakeProcess second = process(new GatedImage(0));
        RemoteGuest guest = guest(first);
        guest.connectFrontend();
        guest.provide(second);
        guest.starting.lock();
        Thread closing = Thread.ofPlatform().unstarted(guest::close);
        try {
            first.die();
            Eventually.is(true, guest.starting::hasQueuedThreads);
            closing.start();
            Eventually.is(true, () -> WAITS.contains(closing.getState()));
        } finally {
            guest.starting.unlock();
        }
        closing.join();
        assertThat(second.isDead()).isTrue();
    }

    @Test
    void whatItsProcessesHaveCountedIsAddedUp() throws Exception {
        FakeProcess first = process(new GatedImage(0));
        try (RemoteGuest guest = guest(first)) {
            guest.connectFrontend();
            guest.domain.grant(REF, false);
            for (int id = 1; id <= 3; id++) {
                guest.send(id, BLKIF_OP_WRITE, REF);
                assertThat(guest.answer(id)).isEqualTo(BLKIF_RSP_OKAY);
            }
            Eventually.is(3L, () -> guest.driver.counters().get("writes"));
            assertThat(guest.driver.counters()).containsEntry("requests", 3L);
            guest.provide(process(new GatedImage(0)));
            first.die();
            guest.send(4, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(4)).isEqualTo(BLKIF_RSP_OKAY);
            Eventually.is(4L, () -> guest.driver.counters().get("writes"));
            guest.driver.close();
            assertThat(guest.driver.counters()).as("when there is none to be asked").containsEntry("writes", 4L);
        }
    }

    @Test
    void whatIsCountedIsKnownWhileANewProcessHasNotSaidWhatItCounted() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        FakeProcess first = counting(5, new CountDownLatch(0));
        try (RemoteGuest guest = guest(first)) {
            guest.xenbus.awaits(XenbusState.INIT_WAIT);
            Eventually.is(5L, () -> guest.driver.counters().get("writes"));
            CountDownLatch asked = new CountDownLatch(1);
            guest.provide(counting(2, answer, asked));
            first.die();
            Map<String, Long> meanwhile = guest.driver.counters();
            while (asked.getCount() != 0) {
                meanwhile = guest.driver.counters();
            }
            Map<String, Long> unanswered = guest.driver.counters();
            answer.countDown();
            assertThat(meanwhile).containsEntry("writes", 5L);
            assertThat(unanswered).as("it is asked").containsEntry("writes", 5L);
            Eventually.is(7L, () -> guest.driver.counters().get("writes"));
        }
    }

    /// A process that says what it has counted when it is let.
    private static FakeProcess counting(long writes, CountDownLatch answer, CountDownLatch... asked) {
        return new FakeProcess((_, _, _, _) -> new DeviceDriver() {
            @Override
            public void offer(DeviceNodes nodes) {
                // There is nothing to say.
            }

            @Override
            public void connect(DeviceNodes nodes, Consumer<String> onFault) {
                // No frontend comes.
            }

            @Override
            public void disconnect() {
                // There is none.
            }

            @Override
            public Map<String, Long> counters() {
                for (CountDownLatch each : asked) {
                    each.countDown();
                }
                try {
                    answer.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return Map.of("writes", writes);
            }
        });
    }

    @Test
    void pollersAreToldOfThreadsThatWorkInItsProcess() throws Exception {
        FakeProcess[] dying = new FakeProcess[1];
        GatedImage image = new GatedImage(1, dying);
        dying[0] = process(image);
        try (RemoteGuest guest = guest(dying[0])) {
            guest.connectFrontend();
            Eventually.is(0, guest.domain::working);
            guest.domain.grant(REF, false);
            guest.send(1, BLKIF_OP_WRITE, REF);
            image.reached.await();
            assertThat(guest.domain.working()).isOne();
            guest.provide(process(new GatedImage(0)));
            dying[0].die();
            assertThat(guest.answer(1)).isEqualTo(BLKIF_RSP_OKAY);
            Eventually.is(0, guest.domain::working);
        }
    }

    @Test
    void aFaultOfOursWhileAProcessIsBroughtBackClosesTheDeviceAndSaysWhy() throws Exception {
        FakeProcess first = process(new GatedImage(0));
        FakeProcess second = process(new GatedImage(0));
        try (RemoteGuest guest = guest(first)) {
            guest.connectFrontend();
            guest.port.onNotify(() -> {
                if (Thread.currentThread().getName().startsWith("supervisor")) {
                    throw new IllegalStateException("on purpose");
                }
            });
            guest.provide(second);
            first.die();
            guest.xenbus.awaits(XenbusState.CLOSING);
            assertThat(guest.xenbus.backend("error")).contains("internal error").contains("on purpose");
            Eventually.is(true, second::isDead);
            guest.xenbus.go(XenbusState.CLOSED);
            guest.xenbus.awaits(XenbusState.CLOSED);
            assertThat(guest.domain.mapped()).isZero();
        }
    }

    @Test
    void aStandInThatCannotBeMadeClosesTheDeviceAndSaysWhy() throws Exception {
        FakeProcess first = process(new GatedImage(0));
        try (RemoteGuest guest = new RemoteGuest(true, Duration.ofMillis(200), null, first)) {
            guest.connectFrontend();
            first.die();
            guest.xenbus.awaits(XenbusState.CLOSING);
            assertThat(guest.xenbus.backend("error")).contains("internal error").contains("no stand-in");
            assertThat(guest.domain.mapped()).isZero();
        }
    }
}
