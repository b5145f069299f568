package xenolith.backend.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import xenolith.abi.io.XenbusState;
import xenolith.backend.Eventually;

/// What a disk's frontend writes into the store before it connects.
@Timeout(60)
class BlkConnectionTest {
    @TempDir
    private Path folder;
    private BlkFrontend guest;

    @BeforeEach
    void aDisk() throws IOException {
        guest = new BlkFrontend(Files.write(folder.resolve("disk"), new byte[4096]), false);
        guest.xenbus.awaits(XenbusState.INIT_WAIT);
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    private void isRefused(String reason) {
        guest.xenbus.go(XenbusState.INITIALISED);
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).isEqualTo(reason);
        assertThat(guest.domain.mapped()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "ring-ref,7777,'''ring-ref'' is no page that is granted to us: GNTST -3'",
        "ring-ref,-1,'''ring-ref'' is no number from 0 to 4294967295'",
        "event-channel,6,'''event-channel'' is no port that waits for us'",
        "event-channel,0,'''event-channel'' is no number from 1 to 2147483647'",
        "protocol,x86_32-abi,'requests of another format than x86_64-abi'",
        "ring-page-order,5,'''ring-page-order'' is no number from 0 to 4'",
        "ring-page-order,1,'''ring-ref0'' is missing'",
        "multi-queue-num-queues,3,'''multi-queue-num-queues'' is no number from 1 to 2'",
        "multi-queue-num-queues,2,'''queue-0/ring-ref'' is missing'"})
    void nodesThatCannotBeAreRefused(String node, String value, String reason) {
        guest.ring(0, "");
        guest.xenbus.write(node, value);
        isRefused(reason);
    }

    @Test
    void aRingPageForReadingOnlyIsRefused() {
        guest.ring(0, "");
        guest.domain.grant(BlkFrontend.FIRST_RING_REF, true);
        isRefused("'ring-ref' is no page that is granted to us: GNTST -1");
    }

    @Test
    void theSecondQueueIsAsGoodAsTheFirst() {
        guest.xenbus.write("multi-queue-num-queues", 2);
        guest.ring(0, "queue-0/");
        // The first queue's pages, event channel and all are the second's too: what matters is that it is served.
        guest.domain.grant(200, false);
        guest.xenbus.write("queue-1/ring-ref", 200).write("queue-1/event-channel", 9);
        guest.domain.port(9);
        guest.xenbus.connect();
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(guest.domain.mapped()).isEqualTo(2);
    }

    @Test
    void aSecondQueueThatCannotBeUndoesTheFirst() {
        guest.xenbus.write("multi-queue-num-queues", 2);
        guest.ring(0, "queue-0/");
        isRefused("'queue-1/ring-ref' is missing");
        assertThat(guest.port.isClosed()).isTrue();
    }

    @Test
    void aRingInUseIsTakenOverWhereItStands() {
        guest.connect(0);
        for (int i = 0; i < 40; i++) {
            guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
            assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        }
        guest.xenbus.go(XenbusState.CLOSED);
        guest.xenbus.awaits(XenbusState.CLOSED);
        guest.xenbus.go(XenbusState.INITIALISING);
        guest.xenbus.connect();
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
    }

    /// Pages that stay busy make a request slow. A domain that ends must not wait for a whole ring of them.
    @Test
    void aDiskThatIsToEndTakesNoFurtherRequests() {
        guest.connect(4);
        guest.domain.grant(7, false);
        guest.domain.busyFor(Integer.MAX_VALUE);
        for (int i = 0; i < 512; i++) {
            guest.request(BLKIF_OP_READ, 0, 7);
            guest.post();
        }
        guest.ring.push();
        guest.port.send();
        int before = guest.domain.mapCalls();
        Eventually.is(true, () -> guest.domain.mapCalls() > before);
        guest.backend.close();
        assertThat(guest.ring.waiting()).isBetween(1, 511);
        guest.domain.busyFor(0);
    }
}
