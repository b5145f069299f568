package xenolith.backend.blk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import xenolith.abi.io.Blkif;
import xenolith.backend.image.DiskImage;

/// One request, taken out of the ring into memory of ours, and what is left of it after the checks: an operation, a
/// place, and segments that are parts of pages. Filled anew for each request, for one thread.
final class BlkRequest {
    /// What we offer as the most segments of an indirect request; Linux's backend does the same.
    static final int MAX_SEGMENTS = 256;
    static final int SECTORS_PER_PAGE = 4096 / DiskImage.SECTOR_BYTES;
    private static final int SEGMENTS_PER_PAGE = (int) (4096 / Blkif.Segment.SIZEOF);

    /// A status that no response has: it is to be found out.
    private static final int OPEN = Integer.MIN_VALUE;

    private final MemorySegment copy = Arena.ofAuto().allocate(Blkif.Request.SIZEOF, Long.BYTES);
    private final MemorySegment list = Arena.ofAuto().allocate(MAX_SEGMENTS * Blkif.Segment.SIZEOF, Long.BYTES);
    private final int[] refs = new int[MAX_SEGMENTS];
    private final int[] firstSectors = new int[MAX_SEGMENTS];
    private final int[] sectorCounts = new int[MAX_SEGMENTS];
    private int operation;
    private long sector;
    private int segmentCount;
    private long sectorTotal;
    private int status;

    /// Where the ring's slot is to be copied to.
    MemorySegment copy() {
        return copy;
    }

    /// Takes the copy apart and checks what can be checked without the disk. What is wrong has its answer then.
    ///
    /// @param pages for the pages of an indirect request's segments
    void decode(GrantedPages pages) {
        int found = take(pages);
        status = found == Blkif.BLKIF_RSP_OKAY ? OPEN : found;
    }

    private int take(GrantedPages pages) {
        segmentCount = 0;
        sectorTotal = 0;
        operation = Blkif.Request.operation(copy, 0);
        sector = Blkif.Request.sectorNumber(copy, 0);
        return switch (operation) {
            case Blkif.BLKIF_OP_READ, Blkif.BLKIF_OP_WRITE -> direct(1);
            case Blkif.BLKIF_OP_WRITE_BARRIER, Blkif.BLKIF_OP_FLUSH_DISKCACHE -> direct(0);
            case Blkif.BLKIF_OP_INDIRECT -> indirect(pages);
            case Blkif.BLKIF_OP_DISCARD -> {
                sectorTotal = Blkif.Discard.nrSectors(copy, 0);
                yield Blkif.BLKIF_RSP_OKAY;
            }
            default -> Blkif.BLKIF_RSP_EOPNOTSUPP;
        };
    }

    private int direct(int leastSegments) {
        int count = Blkif.Request.nrSegments(copy, 0);
        if (count < leastSegments || count > Blkif.BLKIF_MAX_SEGMENTS_PER_REQUEST) {
            return Blkif.BLKIF_RSP_ERROR;
        }
        return segments(copy, Blkif.Request.SEG_OFFSET, count);
    }

    private int indirect(GrantedPages pages) {
        operation = Blkif.Indirect.indirectOp(copy, 0);
        int count = Blkif.Indirect.nrSegments(copy, 0);
        boolean known = operation == Blkif.BLKIF_OP_READ || operation == Blkif.BLKIF_OP_WRITE;
        if (!known || count < 1 || count > MAX_SEGMENTS) {
            return Blkif.BLKIF_RSP_ERROR;
        }
        for (int done = 0; done < count; done += SEGMENTS_PER_PAGE) {
            int here = Math.min(SEGMENTS_PER_PAGE, count - done);
            int ref = Blkif.Indirect.indirectGrefs(copy, 0, done / SEGMENTS_PER_PAGE);
            if (!pages.copyFrom(ref, list, done * Blkif.Segment.SIZEOF, (int) (here * Blkif.Segment.SIZEOF))) {
                return Blkif.BLKIF_RSP_ERROR;
            }
        }
        return segments(list, 0, count);
    }

    private int segments(MemorySegment from, long base, int count) {
        for (int i = 0; i < count; i++) {
            long at = base + i * Blkif.Segment.SIZEOF;
            int first = Blkif.Segment.firstSect(from, at);
            int last = Blkif.Segment.lastSect(from, at);
            if (first > last || last >= SECTORS_PER_PAGE) {
                return Blkif.BLKIF_RSP_ERROR;
            }
            refs[i] = Blkif.Segment.gref(from, at);
            firstSectors[i] = first;
            sectorCounts[i] = last - first + 1;
            sectorTotal += sectorCounts[i];
        }
        segmentCount = count;
        return Blkif.BLKIF_RSP_OKAY;
    }

    /// How much it reads or writes, if it is allowed to.
    int movedBytes() {
        return segmentCount == 0 ? 0 : (int) sectorTotal * DiskImage.SECTOR_BYTES;
    }

    /// Whether it is still to be done, or to be refused.
    boolean isOpen() {
        return status == OPEN;
    }

    /// Says what it is to be answered with, a `BLKIF_RSP_`.
    void answer(int response) {
        status = response;
    }

    int status() {
        return status;
    }

    /// Whether all its sectors are on a disk of so many.
    boolean isWithin(long diskSectors) {
        return sector >= 0 && sectorTotal >= 0 && sectorTotal <= diskSectors && sector <= diskSectors - sectorTotal;
    }

    /// Whether it is made of whole sectors of so many bytes, a power of two.
    boolean isAligned(int sectorBytes) {
        int mask = sectorBytes / DiskImage.SECTOR_BYTES - 1;
        long bits = sector | sectorTotal;
        for (int i = 0; i < segmentCount; i++) {
            bits |= firstSectors[i] | sectorCounts[i];
        }
        return (bits & mask) == 0;
    }

    /// Whether it moves nothing, wherever it says to: Linux's flushes name no sector that there is.
    boolean isOnlyOrder() {
        return segmentCount == 0 && operation != Blkif.BLKIF_OP_DISCARD;
    }

    /// Whether it reads, or writes, and nothing else.
    boolean isPlainTransfer() {
        return operation == Blkif.BLKIF_OP_READ || operation == Blkif.BLKIF_OP_WRITE;
    }

    /// What it does; of an indirect one, what that does. Goes into the response too.
    int operation() {
        return operation;
    }

    /// The guest's own number for it; in the same place in all kinds.
    long id() {
        return Blkif.Request.id(copy, 0);
    }

    boolean isSecureDiscard() {
        return (Blkif.Discard.flag(copy, 0) & Blkif.BLKIF_DISCARD_SECURE) != 0;
    }

    long byteOffset() {
        return sector * DiskImage.SECTOR_BYTES;
    }

    long byteLength() {
        return sectorTotal * DiskImage.SECTOR_BYTES;
    }

    int segmentCount() {
        return segmentCount;
    }

    int ref(int segment) {
        return refs[segment];
    }

    /// Byte offset of a segment in its page.
    int offsetInPage(int segment) {
        return firstSectors[segment] * DiskImage.SECTOR_BYTES;
    }

    int lengthInPage(int segment) {
        return sectorCounts[segment] * DiskImage.SECTOR_BYTES;
    }
}
