package xenolith.backend.blk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_DISCARD;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_INDIRECT;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE_BARRIER;
import static xenolith.abi.io.Blkif.BLKIF_RSP_EOPNOTSUPP;
import static xenolith.abi.io.Blkif.BLKIF_RSP_ERROR;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.Blkif;
import xenolith.abi.io.XenbusState;

/// A disk as a frontend uses it, well and badly.
@Timeout(60)
class BlkBackendTest {
    private static final int SECTORS = 4096;
    private static final int REF = 7;

    @TempDir
    private Path folder;
    private Path file;
    private byte[] contents;
    private BlkFrontend guest;

    @BeforeEach
    void aDiskOfTwoMebibytes() throws IOException {
        contents = new byte[SECTORS * 512];
        new Random(3).nextBytes(contents);
        file = Files.write(folder.resolve("disk"), contents);
        guest = new BlkFrontend(file, false);
    }

    @AfterEach
    void nothingStaysMapped() {
        guest.close();
    }

    private BlkFrontend readOnlyGuest() {
        guest.close();
        guest = new BlkFrontend(file, true);
        return guest.connect(0);
    }

    private byte[] onDisk(long sector, int count) throws IOException {
        return Arrays.copyOfRange(Files.readAllBytes(file), (int) sector * 512, (int) (sector + count) * 512);
    }

    private byte[] expected(long sector, int count) {
        return Arrays.copyOfRange(contents, (int) sector * 512, (int) (sector + count) * 512);
    }

    @Test
    void theFrontendIsToldWhatTheDiskIs() {
        guest.connect(0);
        assertThat(guest.xenbus.backend("sectors")).isEqualTo("4096");
        assertThat(guest.xenbus.backend("sector-size")).isEqualTo("512");
        assertThat(guest.xenbus.backend("info")).isEqualTo("0");
        assertThat(guest.xenbus.backend("feature-max-indirect-segments")).isEqualTo("256");
        assertThat(guest.xenbus.backend("feature-flush-cache")).isEqualTo("1");
        assertThat(guest.xenbus.backend("feature-discard")).isEqualTo("1");
        assertThat(readOnlyGuest().xenbus.backend("info")).isEqualTo("4");
        assertThat(guest.xenbus.backend("feature-discard")).isEmpty();
    }

    @Test
    void segmentsAreReadIntoTheirPartsOfPages() {
        guest.connect(0);
        MemorySegment first = guest.domain.grant(REF, false);
        MemorySegment second = guest.domain.grant(REF + 1, false);
        guest.request(BLKIF_OP_READ, 10, REF, REF + 1);
        guest.segment(0, REF, 2, 4);
        guest.segment(1, REF + 1, 7, 7);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(guest.answeredOperation()).isEqualTo(BLKIF_OP_READ);
        assertThat(first.asSlice(1024, 1536).toArray(JAVA_BYTE)).isEqualTo(expected(10, 3));
        assertThat(second.asSlice(3584, 512).toArray(JAVA_BYTE)).isEqualTo(expected(13, 1));
        assertThat(first.asSlice(0, 1024).toArray(JAVA_BYTE)).containsOnly(0);
        assertThat(first.asSlice(2560).toArray(JAVA_BYTE)).containsOnly(0);
        assertThat(guest.domain.mapped()).as("the ring alone").isOne();
    }

    @ParameterizedTest
    @ValueSource(ints = {BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER, BLKIF_OP_FLUSH_DISKCACHE})
    void whatIsWrittenIsOnTheDisk(int operation) throws IOException {
        guest.connect(0);
        guest.domain.grant(REF, true).fill((byte) 0x5a);
        guest.request(operation, SECTORS - 8, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(guest.answeredOperation()).isEqualTo(operation);
        assertThat(onDisk(SECTORS - 8, 8)).containsOnly(0x5a);
        assertThat(onDisk(0, SECTORS - 8)).isEqualTo(expected(0, SECTORS - 8));
    }

    @Test
    void aFlushNeedsNoSegments() {
        guest.connect(0);
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        guest.request(BLKIF_OP_WRITE_BARRIER, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
    }

    @Test
    void anIndirectRequestHasMoreSegmentsThanFitARequest() throws IOException {
        guest.connect(0);
        for (int i = 0; i < 256; i++) {
            guest.domain.grant(1000 + i, false).fill((byte) i);
        }
        assertThat(indirect(BLKIF_OP_WRITE, 256, 64)).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(guest.answeredOperation()).isEqualTo(BLKIF_OP_WRITE);
        byte[] disk = onDisk(64, 2048);
        for (int i = 0; i < disk.length; i++) {
            assertThat(disk[i]).isEqualTo((byte) (i / 4096));
        }
        assertThat(guest.domain.mapped()).isOne();
    }

    /// Sends an indirect request of whole pages, 1000 and on, listed in page [#REF].
    private int indirect(int operation, int segments, long sector) {
        MemorySegment list = guest.domain.grant(REF, true);
        for (int i = 0; i < Math.min(segments, 512); i++) {
            BlkFrontend.segment(list, i * Blkif.Segment.SIZEOF, 1000 + i, 0, 7);
        }
        MemorySegment request = guest.request(BLKIF_OP_INDIRECT, sector);
        Blkif.Indirect.indirectOp(request, 0, operation);
        Blkif.Indirect.nrSegments(request, 0, segments);
        Blkif.Indirect.indirectGrefs(request, 0, 0, REF);
        return guest.send();
    }

    @Test
    void indirectRequestsThatAreWrongAreRefused() throws IOException {
        guest.connect(0);
        guest.domain.grant(1000, false);
        assertThat(indirect(BLKIF_OP_READ, 1, 0)).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(indirect(BLKIF_OP_READ, 0, 0)).isEqualTo(BLKIF_RSP_ERROR);
        assertThat(indirect(BLKIF_OP_READ, 257, 0)).isEqualTo(BLKIF_RSP_ERROR);
        assertThat(indirect(BLKIF_OP_WRITE, 0xffff, 0)).isEqualTo(BLKIF_RSP_ERROR);
        assertThat(indirect(BLKIF_OP_INDIRECT, 1, 0)).isEqualTo(BLKIF_RSP_ERROR);
        assertThat(indirect(BLKIF_OP_DISCARD, 1, 0)).isEqualTo(BLKIF_RSP_ERROR);
        assertThat(indirect(BLKIF_OP_READ, 2, 0)).as("1001 is not granted").isEqualTo(BLKIF_RSP_ERROR);
        Blkif.Indirect.indirectGrefs(guest.request(BLKIF_OP_INDIRECT, 0), 0, 0, 999);
        assertThat(guest.send()).as("nor is the list").isEqualTo(BLKIF_RSP_ERROR);
        assertThat(Files.readAllBytes(file)).isEqualTo(contents);
    }

    @Test
    void aDiscardedRangeReadsAsZeros() throws IOException {
        guest.connect(0);
        MemorySegment request = guest.request(BLKIF_OP_DISCARD, 16);
        Blkif.Discard.nrSectors(request, 0, 32);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(onDisk(16, 32)).containsOnly(0);
        assertThat(onDisk(48, 10)).isEqualTo(expected(48, 10));
        request = guest.request(BLKIF_OP_DISCARD, 64);
        Blkif.Discard.nrSectors(request, 0, 8);
        Blkif.Discard.flag(request, 0, Blkif.BLKIF_DISCARD_SECURE);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_EOPNOTSUPP);
        for (long count : new long[] {SECTORS - 15, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            request = guest.request(BLKIF_OP_DISCARD, 16);
            Blkif.Discard.nrSectors(request, 0, count);
            assertThat(guest.send()).as("%d sectors", count).isEqualTo(BLKIF_RSP_ERROR);
        }
        assertThat(onDisk(48, SECTORS - 48)).isEqualTo(expected(48, SECTORS - 48));
    }

    @ParameterizedTest
    @ValueSource(longs = {SECTORS - 7, SECTORS, -1, -8, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 55, -1L >>> 9})
    void sectorsBeyondTheEndAreRefused(long sector) throws IOException {
        guest.connect(0);
        MemorySegment page = guest.domain.grant(REF, false);
        guest.request(BLKIF_OP_READ, sector, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_ERROR);
        guest.request(BLKIF_OP_WRITE, sector, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_ERROR);
        assertThat(page.toArray(JAVA_BYTE)).containsOnly(0);
        assertThat(Files.readAllBytes(file)).isEqualTo(contents);
    }

    @Test
    void segmentsThatAreNoneAreRefused() {
        guest.connect(0);
        guest.domain.grant(REF, false);
        for (int[] parts : new int[][] {{3, 2}, {0, 8}, {8, 8}, {0, 255}, {255, 255}}) {
            guest.request(BLKIF_OP_READ, 0, REF);
            guest.segment(0, REF, parts[0], parts[1]);
            assertThat(guest.send()).as("sectors %d to %d", parts[0], parts[1]).isEqualTo(BLKIF_RSP_ERROR);
        }
        for (int count : new int[] {0, 12, 255}) {
            Blkif.Request.nrSegments(guest.request(BLKIF_OP_READ, 0, REF), 0, count);
            assertThat(guest.send()).as("%d segments", count).isEqualTo(BLKIF_RSP_ERROR);
        }
    }

    @Test
    void pagesThatAreNotGrantedAreRefused() throws IOException {
        guest.connect(0);
        guest.request(BLKIF_OP_READ, 0, 999);
        assertThat(guest.send()).as("foreign").isEqualTo(BLKIF_RSP_ERROR);
        guest.domain.grant(REF, true);
        guest.request(BLKIF_OP_READ, 0, REF);
        assertThat(guest.send()).as("for reading only").isEqualTo(BLKIF_RSP_ERROR);
        guest.domain.revoke(REF);
        guest.request(BLKIF_OP_WRITE, 0, REF);
        assertThat(guest.send()).as("revoked").isEqualTo(BLKIF_RSP_ERROR);
        guest.domain.grant(REF, false);
        guest.request(BLKIF_OP_WRITE, 0, REF, 999);
        assertThat(guest.send()).as("the second of two").isEqualTo(BLKIF_RSP_ERROR);
        assertThat(Files.readAllBytes(file)).isEqualTo(contents);
        assertThat(guest.domain.mapped()).isOne();
    }

    @Test
    void aPageThatIsBusyForAMomentIsWaitedFor() {
        guest.connect(0);
        guest.domain.grant(REF, false);
        guest.domain.busyFor(20);
        guest.request(BLKIF_OP_READ, 0, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        guest.domain.busyFor(Integer.MAX_VALUE);
        guest.request(BLKIF_OP_READ, 0, REF);
        assertThat(guest.send()).as("but not for ever").isEqualTo(BLKIF_RSP_ERROR);
        guest.domain.busyFor(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 7, 100, 255})
    void whatIsNoOperationIsNotSupported(int operation) {
        guest.connect(0);
        guest.request(operation, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_EOPNOTSUPP);
        assertThat(guest.answeredOperation()).isEqualTo(operation);
    }

    @Test
    void aReadOnlyDiskIsNotWritten() throws IOException {
        readOnlyGuest();
        guest.domain.grant(REF, false);
        for (int operation : new int[] {BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER}) {
            guest.request(operation, 0, REF);
            assertThat(guest.send()).isEqualTo(BLKIF_RSP_ERROR);
        }
        Blkif.Discard.nrSectors(guest.request(BLKIF_OP_DISCARD, 0), 0, 8);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_ERROR);
        guest.request(BLKIF_OP_READ, 0, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(Files.readAllBytes(file)).isEqualTo(contents);
    }

    @Test
    void aFileThatBecameShorterIsAnError() throws IOException {
        guest.connect(0);
        Files.write(file, new byte[512]);
        guest.domain.grant(REF, false);
        guest.request(BLKIF_OP_READ, 0, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_ERROR);
    }

    @Test
    void persistentGrantsAreMappedOnce() {
        guest.xenbus.write("feature-persistent", 1);
        guest.connect(0);
        guest.domain.grant(REF, false);
        guest.request(BLKIF_OP_READ, 0, REF, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        int calls = guest.domain.mapCalls();
        for (int i = 0; i < 50; i++) {
            guest.request(i % 2 == 0 ? BLKIF_OP_READ : BLKIF_OP_WRITE, i, REF);
            assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        }
        assertThat(guest.domain.mapCalls()).isEqualTo(calls);
        assertThat(guest.domain.mapped()).isEqualTo(2);
    }

    @Test
    void beyondTheLimitPersistentGrantsAreMappedForOneRequest() {
        guest.xenbus.write("feature-persistent", 1);
        guest.connect(0);
        int pages = GrantedPages.MAX_PERSISTENT + 100;
        for (int ref = 0; ref < pages; ref++) {
            guest.domain.grant(10_000 + ref, false);
            guest.request(BLKIF_OP_READ, 0, 10_000 + ref);
            assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        }
        assertThat(guest.domain.mapped()).isEqualTo(1 + GrantedPages.MAX_PERSISTENT);
    }

    @Test
    void aGrantForReadingIsWrittenFromThoughGrantsArePersistent() {
        guest.xenbus.write("feature-persistent", 1);
        guest.connect(0);
        guest.domain.grant(REF, true);
        guest.request(BLKIF_OP_WRITE, 0, REF);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(guest.domain.mapped()).isOne();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void aRingMayHaveSeveralPages(int order) {
        guest.connect(order);
        guest.domain.grant(REF, false);
        for (int i = 0; i < 40 << order; i++) {
            guest.request(BLKIF_OP_READ, i, REF);
            assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {33, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aRingThatLiesClosesTheDevice(int reqProd) {
        guest.connect(0);
        guest.pages[0].set(JAVA_INT, 0, reqProd);
        guest.port.send();
        guest.xenbus.awaits(XenbusState.CLOSING);
        assertThat(guest.xenbus.backend("error")).isEqualTo("the indices of the disk's ring cannot be true");
        assertThat(guest.domain.mapped()).isZero();
        assertThat(guest.port.isClosed()).isTrue();
        guest.xenbus.go(XenbusState.INITIALISING);
        guest.connect(0);
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).as("a new start").isEqualTo(BLKIF_RSP_OKAY);
    }

    @Test
    void anEventIsSentForAResponseThatIsWaitedFor() throws InterruptedException {
        guest.connect(0);
        guest.request(BLKIF_OP_FLUSH_DISKCACHE, 0);
        assertThat(guest.send()).isEqualTo(BLKIF_RSP_OKAY);
        assertThat(guest.port.awaitEvent()).isTrue();
    }
}
