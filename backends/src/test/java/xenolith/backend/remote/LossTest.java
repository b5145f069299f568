package xenolith.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE;
import static xenolith.abi.io.Blkif.BLKIF_RSP_ERROR;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.io.XenbusState;
import xenolith.backend.blk.BlkBackend;
import xenolith.backend.image.LostWrites;
import xenolith.backend.image.UnforgettingImage;
import xenolith.posix.Errno;

/// The host fails to store what a disk has accepted, and says so to one process only, which dies.
@Timeout(60)
class LossTest {
    private static final int REF = 7;

    /// Each image is opened by a process of its own. Only the first is told of what the host has lost.
    private static final class HostImage extends GatedImage {
        private final LostWrites loss = new LostWrites();
        private final int told;
        private final FakeProcess[] lastingTo;
        private final AtomicInteger flushes = new AtomicInteger();

        /// @param told      what the host says of a flush: 0 or `-errno`
        /// @param lastingTo empty, or the process by whose death the first flush is cut short behind that
        HostImage(int told, FakeProcess... lastingTo) {
            super(0);
            this.told = told;
            this.lastingTo = lastingTo;
        }

        @Override
        public int flush() {
            flushes.incrementAndGet();
            if (told < 0) {
                loss.happened();
            }
            if (lastingTo.length > 0) {
                reached.countDown();
                while (!lastingTo[0].isDead()) {
                    Thread.onSpinWait();
                }
                throw new IllegalStateException("a dead process goes no further");
            }
            return told;
        }

        @Override
        public void onLoss(Runnable action) {
            loss.tell(action);
        }
    }

    private static FakeProcess process(HostImage image) {
        return new FakeProcess((domain, rings, queues, loss) -> new BlkBackend("disk",
                new UnforgettingImage(image, loss::isSet, loss::set), domain, queues, rings));
    }

    private static RemoteGuest guest(FakeProcess first) throws Exception {
        RemoteGuest guest = new RemoteGuest(true, Duration.ofSeconds(60), new GatedImage(0), first);
        guest.connectFrontend();
        guest.domain.grant(REF, false);
        return guest;
    }

    private static int flush(RemoteGuest guest, int id) {
        guest.send(id, BLKIF_OP_FLUSH_DISKCACHE, REF);
        return guest.answer(id);
    }

    @Test
    void aFlushThatFailedIsNotDoneAgainWhenItsProcessDiesBeforeItAnswers() throws Exception {
        FakeProcess[] dying = new FakeProcess[1];
        HostImage first = new HostImage(-Errno.EIO, dying);
        HostImage second = new HostImage(0);
        dying[0] = process(first);
        try (RemoteGuest guest = guest(dying[0])) {
            guest.send(1, BLKIF_OP_FLUSH_DISKCACHE, REF);
            first.reached.await();
            guest.provide(process(second));
            dying[0].die();
            assertThat(guest.answer(1)).isEqualTo(BLKIF_RSP_ERROR);
            assertThat(second.flushes).as("the host would say that all is well").hasValue(0);
            guest.send(2, BLKIF_OP_WRITE, REF);
            assertThat(guest.answer(2)).isEqualTo(BLKIF_RSP_OKAY);
        }
    }

    @Test
    void whatAProcessWasToldFailsItsSuccessorsFlushesThroughAllConnections() throws Exception {
        FakeProcess first = process(new HostImage(-Errno.EIO));
        FakeProcess second = process(new HostImage(0));
        try (RemoteGuest guest = guest(first)) {
            assertThat(flush(guest, 1)).isEqualTo(BLKIF_RSP_ERROR);
            guest.provide(second);
            first.die();
            assertThat(flush(guest, 2)).isEqualTo(BLKIF_RSP_ERROR);
            guest.provide(process(new HostImage(0)));
            second.die();
            assertThat(flush(guest, 3)).isEqualTo(BLKIF_RSP_ERROR);
            guest.xenbus.go(XenbusState.CLOSED);
            guest.xenbus.awaits(XenbusState.CLOSED);
            guest.xenbus.go(XenbusState.INITIALISING);
            guest.connectFrontend();
            assertThat(flush(guest, 4)).isEqualTo(BLKIF_RSP_ERROR);
        }
        try (RemoteGuest guest = guest(process(new HostImage(0)))) {
            assertThat(flush(guest, 1)).as("attached anew").isEqualTo(BLKIF_RSP_OKAY);
        }
    }

    @Test
    void aFlushThatWasUnderWayWithoutAFailureIsDoneAgain() throws Exception {
        FakeProcess[] dying = new FakeProcess[1];
        HostImage first = new HostImage(0, dying);
        HostImage second = new HostImage(0);
        dying[0] = process(first);
        try (RemoteGuest guest = guest(dying[0])) {
            guest.send(1, BLKIF_OP_FLUSH_DISKCACHE, REF);
            first.reached.await();
            guest.provide(process(second));
            dying[0].die();
            assertThat(guest.answer(1)).isEqualTo(BLKIF_RSP_OKAY);
            assertThat(second.flushes).hasValue(1);
        }
    }

    /// A process that serves one machine after the other keeps its image open.
    @Test
    void aLossOfBeforeIsToldToTheNextMachine() throws Exception {
        HostImage image = new HostImage(0);
        image.loss.happened();
        FakeProcess first = process(image);
        try (RemoteGuest guest = guest(first)) {
            guest.provide(process(new HostImage(0)));
            first.die();
            assertThat(flush(guest, 1)).isEqualTo(BLKIF_RSP_ERROR);
        }
    }
}
