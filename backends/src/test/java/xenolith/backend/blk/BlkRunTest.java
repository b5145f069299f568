package xenolith.backend.blk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static xenolith.abi.io.Blkif.BLKIF_OP_DISCARD;
import static xenolith.abi.io.Blkif.BLKIF_OP_FLUSH_DISKCACHE;
import static xenolith.abi.io.Blkif.BLKIF_OP_READ;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE;
import static xenolith.abi.io.Blkif.BLKIF_OP_WRITE_BARRIER;
import static xenolith.abi.io.Blkif.BLKIF_RSP_ERROR;
import static xenolith.abi.io.Blkif.BLKIF_RSP_OKAY;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import xenolith.abi.io.Blkif;
import xenolith.backend.FakeDomain;
import xenolith.backend.blk.BlkCounters.Count;

/// What is done by one call of the image, and what is not.
class BlkRunTest {
    private static final int REF = 50;

    private final FakeDomain domain = new FakeDomain();
    private final MemoryImage image = new MemoryImage(16384);
    private final BlkCounters counters = new BlkCounters();
    private final GrantedPages granted = new GrantedPages(domain.grants(), false);
    private final BlkRun run = new BlkRun(0, image, granted, counters);
    private BlkRequest next = new BlkRequest();
    private final List<Integer> statuses = new ArrayList<>();
    private int nextRef = REF;

    /// Puts a request of `pages` whole pages, each of its own, into the run, as a queue does.
    private MemorySegment[] request(int operation, long sector, int pages) {
        MemorySegment[] granted = new MemorySegment[pages];
        MemorySegment request = next.copy();
        request.fill((byte) 0);
        Blkif.Request.operation(request, 0, operation);
        Blkif.Request.sectorNumber(request, 0, sector);
        Blkif.Request.nrSegments(request, 0, pages);
        for (int i = 0; i < pages; i++) {
            granted[i] = domain.grant(nextRef, operation != BLKIF_OP_READ);
            BlkFrontend.segment(request, Blkif.Request.SEG_OFFSET + i * Blkif.Segment.SIZEOF, nextRef++, 0, 7);
        }
        take();
        return granted;
    }

    private void take() {
        next.decode(granted);
        if (!run.add(next) || run.isFull()) {
            boolean taken = run.isFull();
            finish();
            assertThat(taken || run.add(next)).isTrue();
        }
        next = new BlkRequest();
    }

    private void finish() {
        run.perform();
        for (int i = 0; i < run.count(); i++) {
            statuses.add(run.request(i).status());
        }
        run.clear();
        assertThat(domain.mapped()).isZero();
    }

    private static byte[] bytes(MemorySegment page) {
        return page.toArray(JAVA_BYTE);
    }

    @Test
    void neighboursAreReadByOneCall() {
        List<MemorySegment> pages = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            pages.addAll(Arrays.asList(request(BLKIF_OP_READ, 8 + i * 16, 2)));
        }
        finish();
        assertThat(image.calls).containsExactly("read 4096+163840");
        assertThat(statuses).hasSize(20).containsOnly(BLKIF_RSP_OKAY);
        for (int i = 0; i < pages.size(); i++) {
            assertThat(bytes(pages.get(i))).isEqualTo(image.range(8 + i * 8, 8));
        }
        assertThat(counters.get(Count.READS)).isEqualTo(20);
        assertThat(counters.get(Count.TRANSFERS)).isOne();
    }

    @Test
    void neighboursAreWrittenByOneCall() {
        MemorySegment first = request(BLKIF_OP_WRITE, 0, 1)[0].fill((byte) 1);
        MemorySegment second = request(BLKIF_OP_WRITE, 8, 1)[0].fill((byte) 2);
        finish();
        assertThat(image.calls).containsExactly("write 0+8192");
        assertThat(image.range(0, 8)).isEqualTo(bytes(first));
        assertThat(image.range(8, 8)).isEqualTo(bytes(second));
    }

    @Test
    void whatIsApartOrGoesTheOtherWayIsACallOfItsOwn() {
        request(BLKIF_OP_READ, 0, 1);
        request(BLKIF_OP_READ, 16, 1);
        request(BLKIF_OP_READ, 8, 1);
        request(BLKIF_OP_WRITE, 16, 1);
        request(BLKIF_OP_READ, 24, 1);
        finish();
        assertThat(image.calls).containsExactly("read 0+4096", "read 8192+4096", "read 4096+4096", "write 8192+4096",
                "read 12288+4096");
        assertThat(statuses).hasSize(5).containsOnly(BLKIF_RSP_OKAY);
    }

    @Test
    void nothingCrossesAFlushOrABarrierOrADiscard() {
        request(BLKIF_OP_WRITE, 0, 1);
        request(BLKIF_OP_FLUSH_DISKCACHE, -1, 0);
        request(BLKIF_OP_WRITE, 8, 1);
        request(BLKIF_OP_WRITE_BARRIER, 16, 1);
        request(BLKIF_OP_WRITE, 24, 1);
        MemorySegment discard = next.copy().fill((byte) 0);
        Blkif.Request.operation(discard, 0, BLKIF_OP_DISCARD);
        Blkif.Request.sectorNumber(discard, 0, 32);
        Blkif.Discard.nrSectors(discard, 0, 8);
        take();
        request(BLKIF_OP_WRITE, 32, 1);
        finish();
        assertThat(image.calls).containsExactly("write 0+4096", "flush", "write 4096+4096", "flush", "write 8192+4096",
                "flush", "write 12288+4096", "discard 16384+4096", "write 16384+4096");
        assertThat(statuses).hasSize(7).containsOnly(BLKIF_RSP_OKAY);
    }

    @Test
    void aCallThatFailsIsDoneAgainForEachOfItsRequests() {
        image.badSector = 20;
        MemorySegment good = request(BLKIF_OP_READ, 8, 1)[0];
        request(BLKIF_OP_READ, 16, 1);
        MemorySegment after = request(BLKIF_OP_READ, 24, 1)[0];
        finish();
        assertThat(statuses).containsExactly(BLKIF_RSP_OKAY, BLKIF_RSP_ERROR, BLKIF_RSP_OKAY);
        assertThat(bytes(good)).isEqualTo(image.range(8, 8));
        assertThat(bytes(after)).isEqualTo(image.range(24, 8));
        assertThat(counters.get(Count.ERRORS)).isOne();
    }

    @Test
    void oneThatIsRefusedDoesNotKeepItsNeighboursApart() {
        request(BLKIF_OP_READ, 0, 1);
        request(BLKIF_OP_READ, 1 << 20, 1);
        request(BLKIF_OP_READ, 8, 1);
        finish();
        assertThat(statuses).containsExactly(BLKIF_RSP_OKAY, BLKIF_RSP_ERROR, BLKIF_RSP_OKAY);
        assertThat(image.calls).containsExactly("read 0+8192");
    }

    @Test
    void pagesThatWereMappedBeforeOneThatIsNotGrantedAreLetGoOf() {
        for (int i = 0; i < 32; i++) {
            MemorySegment request = next.copy().fill((byte) 0);
            Blkif.Request.operation(request, 0, BLKIF_OP_READ);
            Blkif.Request.nrSegments(request, 0, 11);
            for (int segment = 0; segment < 11; segment++) {
                domain.grant(nextRef, false);
                BlkFrontend.segment(request, Blkif.Request.SEG_OFFSET + segment * Blkif.Segment.SIZEOF,
                        segment == 10 ? 9 : nextRef++, 0, 7);
            }
            take();
            assertThat(domain.mapped()).isZero();
        }
        finish();
        assertThat(statuses).hasSize(32).containsOnly(BLKIF_RSP_ERROR);
        assertThat(image.calls).isEmpty();
    }

    @Test
    void aRunIsNoLongerThanTheLongestRequest() {
        request(BLKIF_OP_READ, 0, 8);
        indirect(64);
        indirect(2112);
        finish();
        assertThat(statuses).hasSize(3).containsOnly(BLKIF_RSP_OKAY);
        assertThat(image.calls).containsExactly("read 0+32768", "read 32768+1048576", "read 1081344+1048576");
    }

    private void indirect(long sector) {
        MemorySegment list = domain.grant(nextRef, true);
        int listRef = nextRef++;
        for (int i = 0; i < 256; i++) {
            domain.grant(nextRef, false);
            BlkFrontend.segment(list, i * Blkif.Segment.SIZEOF, nextRef++, 0, 7);
        }
        MemorySegment request = next.copy().fill((byte) 0);
        Blkif.Request.operation(request, 0, Blkif.BLKIF_OP_INDIRECT);
        Blkif.Request.sectorNumber(request, 0, sector);
        Blkif.Indirect.indirectOp(request, 0, BLKIF_OP_READ);
        Blkif.Indirect.sectorNumber(request, 0, sector);
        Blkif.Indirect.nrSegments(request, 0, 256);
        Blkif.Indirect.indirectGrefs(request, 0, 0, listRef);
        take();
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 1024, 4096})
    void onlyWholeSectorsOfTheDiskAreMoved(int sectorBytes) {
        image.logicalSectorBytes = sectorBytes;
        int step = sectorBytes / 512;
        part(8, 0, step - 1);
        part(8 + 1, 0, step - 1);
        part(8, 0, step - 1 + (step == 8 ? -1 : 1));
        part(8, 1, step);
        finish();
        int odd = step == 1 ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
        assertThat(statuses).containsExactly(BLKIF_RSP_OKAY, odd, odd, odd);
    }

    private void part(long sector, int first, int last) {
        domain.grant(nextRef, false);
        MemorySegment request = next.copy().fill((byte) 0);
        Blkif.Request.operation(request, 0, BLKIF_OP_READ);
        Blkif.Request.sectorNumber(request, 0, sector);
        Blkif.Request.nrSegments(request, 0, 1);
        BlkFrontend.segment(request, Blkif.Request.SEG_OFFSET, nextRef++, first, last);
        take();
    }
}
