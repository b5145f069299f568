package xenolith.backend.blk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_INDIRECT;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE;
import static xenolith.abi.io.Blkif.BLKIF_RSP_ERROR;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;
import xenolith.backend.image.LateTransfers;

/// A disk whose image works at several requests of one queue at a time, with a host that takes its time.
@Timeout(60)
class SideBySideTest {
    private static final int SECTORS = 8192;
    private static final int REF = 500;
    private static final int BAD_SECTOR = 40;
    private static final int PAGES = 10_000;
    private static final int LISTS = 100_000;

    private MemoryImage image;
    private final LateTransfers host = new LateTransfers(5, BlkRuns.MOST_REQUESTS, this::note,
            at -> at == BAD_SECTOR * 512L);
    private BlkFrontend guest;

    private void note(String what, long offset) {
        image.calls.add(what + ' ' + offset);
    }

    @BeforeEach
    void aSlowDisk() {
        guest = guest().connect(0);
    }

    /// One that has not connected, over an image of its own.
    private BlkFrontend guest() {
        image = new MemoryImage(SECTORS);
        image.begins = true;
        return new BlkFrontend(image, () -> host);
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    /// Sends a request of one page. Returns the page.
    private MemorySegment send(int operation, long sector, int ref) {
        MemorySegment page = guest.domain.grant(ref, operation == BLKIF_OP_WRITE);
        guest.request(operation, sector, ref);
        guest.post();
        return page;
    }

    /// Waits for so many answers: their statuses by the requests' ids.
    private Map<Long, Integer> answers(int count) {
        Map<Long, Integer> statuses = new HashMap<>();
        Eventually.is(count, () -> {
            for (long id = guest.takeAnswer(); id != 0; id = guest.takeAnswer()) {
                assertThat(statuses.put(id, guest.answeredStatus())).as("id=" + id).isNull();
            }
            return statuses.size();
        });
        return statuses;
    }

    @Test
    void requestsOfOneQueueAreUnderWayTogether() {
        host.hold(true);
        MemorySegment[] pages = new MemorySegment[8];
        for (int i = 0; i < 8; i++) {
            pages[i] = send(BLKIF_OP_READ, i * 100L, REF + i);
        }
        guest.push();
        Eventually.is(8, host::mostAtOnce);
        assertThat(guest.takeAnswer()).isZero();
        host.hold(false);
        assertThat(answers(8).values()).containsOnly(BLKIF_RSP_OKAY);
        for (int i = 0; i < 8; i++) {
            assertThat(pages[i].toArray(JAVA_BYTE)).isEqualTo(image.range(i * 100L, 8));
        }
    }

    @Test
    void whatComesWhileTheHostIsSlowIsBegunToo() {
        host.hold(true);
        send(BLKIF_OP_READ, 0, REF);
        guest.push();
        Eventually.is(true, () -> host.sleeps() > 0);
        guest.takeAnswer();
        send(BLKIF_OP_READ, 200, REF + 1);
        guest.push();
        Eventually.is(2, host::mostAtOnce);
        host.hold(false);
        answers(2);
    }

    @Test
    void noMoreAreTakenThanThereIsRoomFor() {
        guest.close();
        guest = guest().connect(2);
        host.hold(true);
        for (int i = 0; i < 128; i++) {
            send(BLKIF_OP_READ, i * 60L, REF + i);
        }
        guest.push();
        Eventually.is(BlkRuns.MOST_REQUESTS, host::mostAtOnce);
        host.hold(false);
        assertThat(answers(128).values()).containsOnly(BLKIF_RSP_OKAY);
        assertThat(host.mostAtOnce()).isEqualTo(BlkRuns.MOST_REQUESTS);
    }

    /// The guest reads into one page, which is mapped for each segment anew, as the kept ones are others.
    @Test
    void thereIsAMappingForEverySegmentOfEveryRequestInHandBesideThePagesThatAreKept() {
        guest.close();
        guest = guest();
        guest.xenbus.write("feature-persistent", 1);
        guest.connect(1);
        for (int i = 0; i < GrantedPages.MAX_PERSISTENT; i++) {
            guest.domain.grant(PAGES + i, false);
        }
        for (int first = 0; first < GrantedPages.MAX_PERSISTENT; first += BlkRequest.MAX_SEGMENTS) {
            sendLargest(PAGES + first, 1);
        }
        guest.push();
        assertThat(answers(GrantedPages.MAX_PERSISTENT / BlkRequest.MAX_SEGMENTS).values()).containsOnly(BLKIF_RSP_OKAY);
        int kept = 2 + GrantedPages.MAX_PERSISTENT;
        assertThat(guest.domain.mapped()).as("the ring and what is kept").isEqualTo(kept);

        host.hold(true);
        guest.domain.grant(REF, false);
        for (int i = 0; i < BlkRuns.MOST_REQUESTS; i++) {
            sendLargest(REF, 0);
        }
        guest.push();
        Eventually.is(BlkRuns.MOST_REQUESTS, host::mostAtOnce);
        assertThat(guest.domain.mapped()).isEqualTo(kept + BlkRuns.MOST_REQUESTS * BlkRequest.MAX_SEGMENTS);
        host.hold(false);
        assertThat(answers(BlkRuns.MOST_REQUESTS).values()).containsOnly(BLKIF_RSP_OKAY);
    }

    /// Sends a read of as many segments as there may be, into pages `ref`, `ref + step` and so on.
    private void sendLargest(int ref, int step) {
        MemorySegment list = guest.domain.grant(LISTS + ref, true);
        for (int i = 0; i < BlkRequest.MAX_SEGMENTS; i++) {
            BlkFrontend.segment(list, i * Blkif.Segment.SIZEOF, ref + i * step, 0, 7);
        }
        MemorySegment request = guest.request(BLKIF_OP_INDIRECT, SECTORS / 2);
        Blkif.Indirect.indirectOp(request, 0, BLKIF_OP_READ);
        Blkif.Indirect.nrSegments(request, 0, BlkRequest.MAX_SEGMENTS);
        Blkif.Indirect.indirectGrefs(request, 0, 0, LISTS + ref);
        guest.post();
    }

    @Test
    void oneBadSectorFailsOneOfManyNeighbours() {
        image.badSector = BAD_SECTOR;
        for (int i = 0; i < 20; i++) {
            send(BLKIF_OP_READ, i * 8L, REF + i);
        }
        long first = guest.lastId() - 19;
        guest.push();
        answers(20).forEach((id, status) ->
                assertThat(status).isEqualTo(id - first == BAD_SECTOR / 8 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY));
    }

    @Test
    void theEndWaitsForAllThatIsUnderWayAndAnswersIt() {
        host.hold(true);
        for (int i = 0; i < 3; i++) {
            send(BLKIF_OP_READ, i * 100L, REF + i);
        }
        guest.push();
        Eventually.is(3, host::mostAtOnce);
        CompletableFuture<Void> end = CompletableFuture.runAsync(guest.backend::close);
        Eventually.is(true, () -> end.isDone() || host.sleeps() > 0);
        assertThat(end).isNotDone();
        assertThat(guest.domain.mapped()).as("the ring and the pages that the host writes").isEqualTo(4);
        assertThat(host.isClosed()).isFalse();
        host.hold(false);
        end.join();
        assertThat(host.isClosed()).isTrue();
        assertThat(guest.domain.mapped()).isZero();
        assertThat(answers(3).values()).containsOnly(BLKIF_RSP_OKAY);
    }

    @Test
    void aRingThatLiesIsClosedWhenTheHostIsDone() {
        host.hold(true);
        send(BLKIF_OP_READ, 0, REF);
        send(BLKIF_OP_READ, 100, REF + 1);
        guest.push();
        Eventually.is(true, () -> host.sleeps() > 0);
        guest.pages[0].set(JAVA_INT, 0, -1);
        guest.port.send();
        host.hold(false);
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(host.underWay()).isZero();
        assertThat(guest.xenbus.backend("error")).isEqualTo("the indices of the disk's ring cannot be true");
    }
}
