package xenolith.backend.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.XenbusState;
import xenolith.backend.DeviceNodes;
import xenolith.backend.Eventually;
import xenolith.backend.image.DiskImage;
import xenolith.backend.image.LargeSectors;
import xenolith.backend.image.RawImage;
import xenolith.backend.image.TransferQueue;
import xenolith.posix.Errno;
import xenolith.posix.HostException;

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

    /// As Linux's backend reads it, and as blkif.h has it.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRingThatIsSaidToHaveOnePageMayHaveANumberedOne(boolean numbered) {
        guest.ring(0, "", numbered);
        guest.xenbus.write("ring-page-order", 0);
        guest.xenbus.connect();
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
    }

    @Test
    void whatAFrontendOfManyPagesHasLeftIsNotTheNextOnes() {
        guest.xenbus.write("ring-ref0", 7777);
        guest.connect(0);
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
    }

    @Test
    void aQueueThatCannotBeMadeLetsGoOfItsPort() {
        guest.close();
        guest = new BlkFrontend(new MemoryImage(8), () -> {
            throw new HostException("eventfd", Errno.EMFILE);
        });
        guest.ring(0, "");
        isRefused("the host failed: eventfd: EMFILE (Too many open files)");
        assertThat(guest.port.isClosed()).isTrue();
    }

    /// Its frontend may mean other sectors than we do; what it is told is the same.
    @Test
    void aFrontendOfLargeSectorsIsNoticed() throws IOException {
        DeviceNodes nodes = new DeviceNodes() {
            @Override
            public void write(String name, String value) {
                throw new UnsupportedOperationException(name);
            }

            @Override
            public Optional<String> read(String name) {
                return name.equals("feature-large-sector-size") ? Optional.of("1") : Optional.empty();
            }
        };
        assertThat(BlkBackend.mayCountOtherwise(nodes, 4096)).isTrue();
        assertThat(BlkBackend.mayCountOtherwise(nodes, 512)).isFalse();
        guest.close();
        DiskImage image = RawImage.open(Files.write(folder.resolve("large"), new byte[8192]), false);
        guest = new BlkFrontend(LargeSectors.of(image, 4096), () -> TransferQueue.NONE);
        guest.xenbus.write("feature-large-sector-size", 1);
        guest.connect(0);
        assertThat(guest.xenbus.backend("sectors")).isEqualTo("16");
        assertThat(guest.xenbus.backend("sector-size")).isEqualTo("4096");
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
